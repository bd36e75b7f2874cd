"""Who may do what: every endpoint and verb of accounts, for each kind of caller."""

import pytest
from django.test import Client

from accounts.actions import issue_access_token
from tests.factories import UserFactory

WHO = ("anonymous", "stranger", "oneself", "staff")
VERBS = ("get", "post", "put", "patch", "delete", "options")

# The answers to WHO, in this order; every other verb is a 405, or a 401 for the anonymous.
MATRIX = {
    "auth/register/": {"post": (400, 400, 400, 400)},
    "auth/token/": {"post": (400, 400, 400, 400)},
    "auth/logout/": {"post": (401, 204, 204, 204)},
    "auth/tokens/": {"get": (401, 200, 200, 200), "delete": (401, 204, 204, 204)},
    "auth/tokens/{token}/": {"delete": (401, 404, 204, 404)},
    "auth/sessions/": {"get": (401, 200, 200, 200), "delete": (401, 204, 204, 204)},
    "auth/sessions/{session}/": {"delete": (401, 404, 204, 404)},
    "auth/password/change/": {"post": (401, 400, 400, 400)},
    "auth/password/reset/": {"post": (400, 400, 400, 400)},
    "auth/password/reset/confirm/": {"post": (400, 400, 400, 400)},
    "auth/email/send/": {"post": (401, 202, 202, 202)},
    "auth/email/verify/": {"post": (400, 400, 400, 400)},
    "auth/telegram/link/": {"post": (401, 201, 201, 201), "delete": (401, 204, 204, 204)},
    "auth/telegram/confirm/": {"post": (403, 403, 403, 403)},
    "telegram/webhook/": {"post": (403, 403, 403, 403)},
    "me/": {"get": (401, 200, 200, 200), "patch": (401, 200, 200, 200), "delete": (401, 400, 400, 400)},
    "me/export/": {"get": (401, 200, 200, 200)},
    "users/": {"get": (401, 400, 400, 400)},
    "user/{pk}/": {"get": (401, 200, 200, 200)},
}
OPTIONS = {"options": (401, 200, 200, 200)}
OPEN = {
    "auth/register/",
    "auth/token/",
    "auth/email/verify/",
    "auth/password/reset/",
    "auth/password/reset/confirm/",
}
OF_THE_BOT = {"auth/telegram/confirm/", "telegram/webhook/"}


def expected(address, verb, who):
    answers = MATRIX[address].get(verb, OPTIONS.get(verb))
    if address in OPEN and verb == "options":
        return 200
    if address in OF_THE_BOT and verb == "options":
        return 403
    if answers is not None:
        return answers[WHO.index(who)]
    if address in OF_THE_BOT:
        return 403
    return 401 if who == "anonymous" and address not in OPEN else 405


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("address", MATRIX)
def test_each_caller_may_do_what_the_matrix_says(api, user, address, who):
    caller = {"stranger": UserFactory(), "oneself": user, "staff": UserFactory(is_staff=True)}.get(who)
    issue_access_token(user=user)
    Client().force_login(user)
    session = user.sessions.get().public_id
    api.force_authenticate(caller)
    path = f"/api/v1/{address.format(pk=user.pk, token=user.access_tokens.get().pk, session=session)}"
    answers = {verb: getattr(api, verb)(path, {}, format="json").status_code for verb in VERBS}
    assert answers == {verb: expected(address, verb, who) for verb in VERBS}
