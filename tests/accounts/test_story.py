"""A learner's account over HTTP: sign up, verify, sign in, reset the password, see tokens end."""

import re

import pytest

from accounts.reset_mails import answer_requests
from messaging import dispatch
from messaging.models import OutgoingMessage
from tests.support.waiting import until
from tests.tasks.test_story import call  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

OLD, NEW = "a-long-and-odd-pass", "another-odd-pass"


def last_mail(smtp, number):
    """Return the text of a mail, once all that are due were sent."""
    answer_requests()
    dispatch.dispatch(OutgoingMessage.objects.all())
    until(lambda: len(smtp.mails) >= number)
    return smtp.mails[number - 1].replace("=\r\n", "").replace("=\n", "")


def test_from_signing_up_to_the_end_of_the_tokens(call, smtp):  # noqa: F811
    values = {"username": "boris", "email": "boris@example.com", "password": OLD, "confirm_password": OLD}
    assert call("POST", "auth/register/", values)[0] == 201
    token = re.search(r"/accounts/verify-email/([^/\s]+)/", last_mail(smtp, 1))[1]
    assert call("POST", "auth/email/verify/", {"token": token})[0] == 204

    _, body = call("POST", "auth/token/", {"username": "Boris", "password": OLD})
    first = {"Authorization": f"Token {body['token']}"}
    assert call("GET", "me/", **first)[1]["email_verified"] is True
    assert call("GET", "auth/tokens/", **first)[1]["count"] == 1

    assert call("POST", "auth/password/reset/", {"email": "boris@example.com"})[0] == 202
    uid, token = re.search(r"/accounts/password/reset/([^/\s]+)/([^/\s]+)/", last_mail(smtp, 2)).groups()
    data = {"uid": uid, "token": token, "new_password": NEW}
    assert call("POST", "auth/password/reset/confirm/", data)[0] == 204
    assert call("POST", "auth/password/reset/confirm/", data)[0] == 400
    assert call("GET", "me/", **first)[0] == 401

    assert call("POST", "auth/token/", {"username": "boris", "password": OLD})[0] == 400
    _, body = call("POST", "auth/token/", {"username": "boris", "password": NEW})
    second = {"Authorization": f"Token {body['token']}"}
    data = {"current_password": NEW, "new_password": OLD}
    _, changed = call("POST", "auth/password/change/", data, **second)
    assert call("GET", "me/", **second)[0] == 401
    third = {"Authorization": f"Token {changed['token']}"}
    assert call("GET", "me/export/", **third)[1]["account"]["username"] == "boris"
    assert call("DELETE", "me/", {"password": OLD}, **third)[0] == 204
    assert call("POST", "auth/token/", {"username": "boris", "password": OLD})[0] == 400
