"""Every field, parameter and part of an address with every odd value: never a 5xx, never a page, soon.
A refusal says what is accepted.

By default each field gets some of the values, so that all fields together get all of them.
``ODD_VALUES=all make test ARGS=tests/api/test_odd_values.py`` sends every value to every field.
"""

from __future__ import annotations

import os
import re
import time

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.support.addresses import make_rows
from tests.support.odd_values import ODD_VALUES, operations, requests

SHARE = 1 if os.environ.get("ODD_VALUES") == "all" else 16
MAX_SECONDS = 2
# The beginnings of DRF's messages that do not say what is accepted (api/accepted.py does).
UNCLEAR = re.compile(r"is not a valid|\b(A|Not a|be a) valid|Invalid (data|pk)")
OPERATIONS = operations()
SCHEMAS = SchemaGenerator().get_schema(public=True)["components"]["schemas"]


@pytest.fixture
def client(db, settings):
    """Return the client of one who may do everything, without limits."""
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    settings.TELEGRAM_WEBHOOK_SECRET = "secret"
    user = User.objects.create_superuser("admin-of-all", "admin@example.com")
    make_rows(user)
    made = Client(raise_request_exception=False, headers={"X-Telegram-Bot-Api-Secret-Token": "secret"})
    made.force_login(user)
    return made


def test_there_are_enough_odd_values():
    assert len(set(ODD_VALUES)) >= 60


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_odd_value(client, name):
    first = sorted(OPERATIONS).index(name) % SHARE
    for request in requests(*OPERATIONS[name], SCHEMAS, ODD_VALUES[first::SHARE]):
        with transaction.atomic():
            began = time.process_time()
            response = client.generic(
                request.method, request.address, request.body.encode(), content_type="application/json"
            )
            seconds = time.process_time() - began
            if response.streaming:
                response.close()
            transaction.set_rollback(True)
        said = (request.where, request.address[:200], request.body[:300], response.status_code)
        assert response.status_code < 500, said
        assert "html" not in response.get("Content-Type", ""), said
        assert seconds < MAX_SECONDS, said
        if response.status_code == 400:
            assert not UNCLEAR.search(response.json()["detail"]), (*said, response.json()["detail"])
