"""In which language a user is written to: the one in which the user last asked for something."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.reset_mails import answer_requests
from messaging import retention
from messaging.languages import language_of_user
from messaging.models import OutgoingMessage
from messaging.telegram.linking import issue_link_token
from tests.factories import UserFactory
from tests.messaging.factories import let_speak
from tests.messaging.telegram.test_webhook import WEBHOOK, message

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-and-odd-pass"


def test_a_user_who_never_asked_is_written_to_in_the_language_of_the_settings(user):
    assert language_of_user(user.pk) == "en"


def test_a_user_is_written_to_in_the_language_of_signing_up(api):
    data = {"username": "olena", "email": "olena@example.com"}
    data |= {"password": PASSWORD, "confirm_password": PASSWORD}
    answer = api.post("/api/v1/auth/register/", data, "json", headers={"Accept-Language": "uk"})
    assert language_of_user(answer.json()["id"]) == "uk"


def test_linking_telegram_changes_it_to_the_language_of_the_chat(api, secret):
    user = UserFactory()
    let_speak(user, "uk")
    update = message(f"/start {issue_link_token(user=user)}", language="ru")
    assert api.post(WEBHOOK, update, "json", headers=secret).json()["text"].startswith("Привязано")
    assert language_of_user(user.pk) == "ru"
    assert OutgoingMessage.objects.get(kind="messaging.linked").state == OutgoingMessage.State.SENT


def test_a_stranger_who_requests_a_new_password_does_not_change_it(api, user):
    user.set_password(PASSWORD)
    user.save()
    api.post("/api/v1/auth/password/reset/", {"email": user.email}, "json", headers={"Accept-Language": "ru"})
    answer_requests()
    assert OutgoingMessage.objects.get().payload["language"] == "ru"
    assert language_of_user(user.pk) == "en"


def test_it_is_known_after_the_messages_of_then_were_deleted():
    user = UserFactory()
    for language in ("ru", "uk"):
        let_speak(user, language)
    old = timezone.now() - retention.MESSAGE_RETENTION - timedelta(days=1)
    OutgoingMessage.objects.update(changed_at=old)
    retention.delete_old_messages()
    assert OutgoingMessage.objects.count() == 1
    assert language_of_user(user.pk) == "uk"
