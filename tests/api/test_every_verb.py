"""Every verb on every address is answered: a success, a redirect or a 4xx, and under /api/ a problem."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from tests.support.addresses import every_address, make_rows
from tests.support.answers import problem

ADDRESSES = every_address()
FOR_THE_BOT = {"/api/v1/auth/telegram/confirm/", "/api/v1/telegram/webhook/"}  # 403 for anyone else


@pytest.fixture(autouse=True)
def _unlimited(settings):
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    settings.METRICS_ENABLED = True
    settings.TELEGRAM_WEBHOOK_SECRET = "secret"


@pytest.fixture
def client():
    """Return the client of one who may do everything."""
    user = User.objects.create_superuser("admin-of-all", "admin@example.com")
    make_rows(user)
    made = Client(raise_request_exception=False)
    made.force_login(user)
    return made


def ask(client, verb, address):
    response = client.generic(verb, address, "", content_type="application/json")
    if response.streaming:
        response.close()
    assert response.status_code < 500, (verb, address, response.content[:300])
    if address.startswith("/api/") and response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json", (verb, address)
        if verb != "HEAD":
            problem(response, response.status_code)
    return response


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["OPTIONS", "HEAD", "GET", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_a_verb_that_changes_nothing(client, verb):
    """Each request outside of a transaction, as in production: a lock without one fails."""
    assert len(ADDRESSES) > 100
    for address in ADDRESSES:
        response = ask(client, verb, address)
        if verb == "OPTIONS" and address.startswith("/api/"):
            assert response.status_code == (403 if address in FOR_THE_BOT else 200), address
        if verb in {"TRACE", "CONNECT", "PROPFIND"} and address.startswith("/api/v1/"):
            assert response.status_code == (403 if address in FOR_THE_BOT else 405), address


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_verb_that_writes(client, verb):
    for address in ADDRESSES:
        with transaction.atomic():
            ask(client, verb, address)
            transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["GET", "OPTIONS", "POST", "TRACE"])
def test_a_verb_of_one_who_is_not_signed_in(verb):
    client = Client(raise_request_exception=False)
    for address in ADDRESSES:
        ask(client, verb, address)
