"""The schema's examples are what the API answers on the demo data, and every write is in the history.

``make examples`` (``RECORD_EXAMPLES=1``) writes api/openapi/examples.json. Every other run compares:
everything but moments, random names, the ids of new rows and the values of headers.
"""

from __future__ import annotations

import copy
import json
import os
import re
from urllib.parse import urlencode

import pytest
import redis
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.db.models import Max
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from accounts.actions import issue_access_token
from api.openapi.descriptions import TEXTS
from api.openapi.operations import FILE, operations
from devtools.demo import fill
from devtools.demo.plan import Plan
from tests.api import example_requests
from tests.support import ids
from tests.support.telegram import SECRET

MAX_ROWS = 2
MASKS = {
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)": "a moment",
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "a uuid",
    r"[A-Za-z0-9_:.-]{32,}": "a random name",
}
# Their values are of the moment: only the names are compared.
OF_THE_MOMENT = {"dashboard", "cache_stats", "cache_keys_list", "cache_keys_retrieve"}
# What users do with their own accounts is in the audit log; the cache has no rows.
NOT_IN_THE_HISTORY = ("auth_", "me_", "telegram_", "cache_")
# The demo's subscription has the comment already for which this one asks.
NOT_IN_THE_HISTORY += ("subscriptions_partial_update",)
MASKED_FIELDS = {"ttl", "size", "code", "public_id", "If-Match"}


@pytest.fixture
def ids_of_a_new_database(transactional_db):
    call_command("flush", interactive=False)
    with ids.from_one():
        yield
        call_command("flush", interactive=False)


@pytest.fixture
def recorded(ids_of_a_new_database, settings, tmp_path):
    """What the API answers on the demo data."""
    settings.TELEGRAM_WEBHOOK_SECRET, settings.TELEGRAM_BOT_NAME = SECRET, "syllabus_bot"
    settings.MEDIA_ROOT = tmp_path
    fill(Plan("small"))
    schema = SchemaGenerator().get_schema(public=True)
    known = {
        operation["operationId"]: (path, method, operation) for path, method, operation in operations(schema)
    }
    found = {"operations": {}, "problems": {}, "headers": {}}
    failures, on_record = [], {}
    for ask in example_requests.requests():
        try:
            record(found, ask, *known[ask.operation])
        except Exception as error:  # noqa: BLE001  (all are shown at once)
            failures.append(f"{ask.operation}: {error!r:.500}")
        is_write = known[ask.operation][1] != "get"
        if is_write and not ask.operation.startswith(NOT_IN_THE_HISTORY):
            on_record[ask.operation] = on_record.get(ask.operation) or ask.recorded
    failures += [
        f"{name} writes no entry of the history" for name, written in on_record.items() if not written
    ]
    failures += [
        f"{ask.operation} does not heed If-Match"
        for ask in example_requests.requests()
        if not heeds_if_match(ask, *known[ask.operation])
    ]
    for status, ask in example_requests.problems():
        response, _ = answer(ask, *known[ask.operation])
        if status != "default" and response.status_code != int(status):
            failures.append(f"{status}: {response.status_code} {response.content[:200]!r}")
        found["problems"][status] = response.json()
        found["headers"] |= headers_of(response)
    assert failures == [], "\n".join(failures)
    return found


def answer(ask, path, method, operation):
    """Return the response to a request, and the request; what it changes is undone."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushall()
    with transaction.atomic():
        for name, value in ask.before().items():
            setattr(ask, name, value)
        client, headers = client_of(ask)
        last = LogEntry.objects.aggregate(last=Max("pk", default=0))["last"]
        address = path.format(**ask.path)
        if "If-Match" in {each["name"] for each in operation.get("parameters", [])}:
            headers.setdefault("If-Match", etag(client, address, headers))
        body = ask.body if isinstance(ask.body, str) else json.dumps(ask.body) if ask.body is not None else ""
        query = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in ask.query.items()
        }
        response = client.generic(
            method.upper(),
            f"{address}?{urlencode(query)}" if query else address,
            body,
            ask.content_type if body else "",
            headers=headers,
        )
        ask.recorded = LogEntry.objects.filter(pk__gt=last).exists()
        response.close()  # a file
        transaction.set_rollback(True)
    return response, {**ask.path, **ask.query, **headers}


def heeds_if_match(ask, path, method, operation):
    """Return whether a request is refused that is about another version; True if it takes no If-Match."""
    if "If-Match" not in {each["name"] for each in operation.get("parameters", [])}:
        return True
    ask.headers = {**ask.headers, "If-Match": '"another"'}
    return answer(ask, path, method, operation)[0].status_code == 412


def client_of(ask):
    client, headers = APIClient(raise_request_exception=False), dict(ask.headers)
    if ask.user:
        user = User.objects.get(username=ask.user)
        if ask.with_session:
            client.force_login(user)
        else:
            headers["Authorization"] = f"Token {issue_access_token(user=user)}"
    return client, headers


def etag(client, address, headers):
    """Return the ETag of what a write changes: at its address, or at that of the row it is about."""
    response = client.get(address, headers=headers)
    if "ETag" not in response.headers:
        response = client.get(re.sub(r"[a-z_]+/$", "", address), headers=headers)
    return response.headers["ETag"]


def headers_of(response):
    return {name: response.headers[name] for name in TEXTS["headers"] if name in response.headers}


def record(found, ask, path, method, operation):
    response, sent = answer(ask, path, method, operation)
    status = str(response.status_code)
    assert status in operation["responses"], (status, response.content[:400])
    assert status.startswith("2"), (status, response.content[:400])
    names = {each["name"] for each in operation.get("parameters", [])}
    parameters = {name: plain(value) for name, value in sent.items() if name in names}
    one = found["operations"].setdefault(ask.operation, {"parameters": parameters, "responses": {}})
    if ask.body is not None:
        one.setdefault("request", ask.body)
    headers = headers_of(response)
    found["headers"] = headers | found["headers"]
    one["responses"][status] = {"headers": sorted(headers)}
    if response.headers.get("Content-Type") == "application/json":
        one["responses"][status]["body"] = shortened(response.json())


def plain(value):
    return value if isinstance(value, int | float | str) else str(value)


def shortened(value):
    """Return a body with the first rows only."""
    if isinstance(value, dict):
        return {name: shortened(each) for name, each in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [shortened(each) for each in value[:MAX_ROWS]]
    return value


def masked(value):
    """Return a value without what differs from run to run."""
    if isinstance(value, dict):
        return {masked(name): "…" if name in MASKED_FIELDS else masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [masked(each) for each in value]
    if isinstance(value, str):
        for pattern, name in MASKS.items():
            value = re.sub(pattern, name, value)
    return value


def names_in(value):
    """Return a body without its values."""
    if isinstance(value, dict):
        return {name: names_in(each) for name, each in value.items()}
    return "…"


def comparable(name, one):
    """Return what was recorded of an operation, without the id that a new row happened to get."""
    one = copy.deepcopy(one)
    created = one["responses"].get("201", {}).get("body", {})
    if "id" in created:
        created["id"] = "new"
    if name in OF_THE_MOMENT:
        one["responses"]["200"]["body"] = names_in(one["responses"]["200"]["body"])
    return masked(one)


@pytest.mark.slow
def test_the_examples_are_the_answers_of_the_demo_data(recorded):
    kept = json.loads(FILE.read_text())
    if os.environ.get("RECORD_EXAMPLES"):
        for name, one in recorded["operations"].items():
            old = kept["operations"].get(name)
            if old and comparable(name, old) == comparable(name, one):
                recorded["operations"][name] = old  # no difference in the file without one in the API
        FILE.write_text(json.dumps(recorded, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        return
    for name in sorted({*kept["operations"], *recorded["operations"]}):
        old, new = (comparable(name, each["operations"][name]) for each in (kept, recorded))
        assert old == new, f"{name}: run `make examples`, and look at what it changes"
    assert masked(kept["problems"]) == masked(recorded["problems"])
    assert set(kept["headers"]) == set(recorded["headers"]) == set(TEXTS["headers"])
