"""Every endpoint answers as its schema says, to input that the schema allows and to other input."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.actions import issue_access_token
from config.wsgi import application
from tests import factories

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
schema.app = application
OPERATIONS = {found.ok().label: found.ok() for found in schema.get_all_operations()}
# The same in every run, so that a change that breaks nothing never fails here.
EXAMPLES = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _open_to_all(settings):
    settings.TELEGRAM_WEBHOOK_SECRET = "secret"
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}


@pytest.fixture(autouse=True)
def _one_connection():
    """As with Django's test client, no request closes the connection: its transaction is the test's."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def headers(db):
    """Of one who may do everything."""
    token = issue_access_token(user=factories.UserFactory(is_staff=True, is_superuser=True))
    return {"Authorization": f"Token {token}"}


@pytest.mark.parametrize("label", OPERATIONS)
def test_it_answers_as_its_schema_says(label, headers):
    @EXAMPLES
    @given(case=OPERATIONS[label].as_strategy())
    def ask(case):
        with transaction.atomic():
            case.call_and_validate(checks=CHECKS, headers=headers)
            transaction.set_rollback(True)

    ask()


def test_another_user_is_shown_as_the_schema_says(db):
    """Of one who may do everything all is shown; of others less."""
    token = issue_access_token(user=factories.UserFactory())
    operation = OPERATIONS["GET /api/v1/user/{id}/"]
    case = operation.Case(path_parameters={"id": factories.UserFactory().pk})
    response = case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Token {token}"})
    assert "email" not in response.json()
