"""Every operation of the schema refuses what it does not know: a 400 that names it."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.support.addresses import fill, make_rows
from tests.support.answers import problem

UNKNOWN = "no_such_name"
# Telegram's own format, to which Telegram may add fields.
FOREIGN_BODIES = {("post", "/api/v1/telegram/webhook/")}

PATHS = SchemaGenerator().get_schema(public=True)["paths"]
OPERATIONS = sorted((method, path) for path, methods in PATHS.items() for method in methods)
BODIES = [
    (method, path)
    for method, path in OPERATIONS
    if method in {"post", "put", "patch"} and (method, path) not in FOREIGN_BODIES
]


@pytest.fixture(autouse=True)
def _unlimited(settings):
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    settings.TELEGRAM_WEBHOOK_SECRET = "secret"


@pytest.fixture
def client(db):
    user = User.objects.create_superuser("admin-of-all", "admin@example.com")
    make_rows(user)
    made = Client(headers={"X-Telegram-Bot-Api-Secret-Token": "secret"})
    made.force_login(user)
    return made


def send(client, method, address, body=None):
    text = "" if body is None else json.dumps(body)
    return client.generic(method.upper(), address, text, content_type="application/json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_unknown_query_parameter(client, method, path):
    response = send(client, method, f"{fill(path)}?{UNKNOWN}=1", {} if method != "get" else None)
    body = problem(response, 400)
    assert "Accepted: " in body["errors"][UNKNOWN][0]


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_an_unknown_field(client, method, path):
    body = problem(send(client, method, fill(path), {UNKNOWN: 1}), 400)
    assert "Accepted: " in body["errors"][UNKNOWN][0]


NAMES = [
    ("categories/", "name", {}),
    ("courses/", "title", {}),
    ("services/", "name", {"full_price": 1}),
    ("lists/", "name", {}),
    ("topics/", "name", {}),
]


@pytest.mark.parametrize("name", ["\u200b", "\u3164", "\u2800", "\u202e\ufeff"])
@pytest.mark.parametrize(("path", "field", "others"), NAMES, ids=[path for path, *_ in NAMES])
def test_a_name_that_shows_nothing(client, path, field, others, name):
    body = problem(send(client, "post", f"/api/v1/{path}", {**others, field: name}), 400)
    assert [*body["errors"]] == [field]


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        *(("courses/", "title", value) for value in (5, 1.5, True)),
        *(("courses/", "is_published", value) for value in ("true", "yes", 1, 0, "")),
        ("auth/email/verify/", "token", 5),
    ],
)
def test_a_value_of_another_json_type(client, path, field, value):
    body = {"title": "New", field: value} if path == "courses/" else {field: value}
    assert [*problem(send(client, "post", f"/api/v1/{path}", body), 400)["errors"]] == [field]


def test_the_schema_says_which_bodies_are_closed_and_how_many_rows_they_take():
    schemas = SchemaGenerator().get_schema(public=True)["components"]["schemas"]
    assert schemas["CourseRequest"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["TelegramUpdateRequest"]
    tasks = schemas["TaskBulkRequest"]["properties"]["tasks"]
    assert (tasks["minItems"], tasks["maxItems"]) == (1, 100)
    assert schemas["CourseRequest"]["properties"]["category"]["minimum"] == 1
