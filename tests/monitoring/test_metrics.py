"""/metrics: what it contains, who may read it, and the dashboard made of it."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from caching.models import Outbox
from config.celery import app
from config.environment import ROOT
from core import redis_state
from courses.cache import course_detail
from messaging.models import UNDELIVERED, OutgoingMessage
from monitoring import metrics, selectors
from services.models import Service
from tests.courses.factories import CourseFactory
from tests.services.factories import SubscriptionFactory

DASHBOARD = ROOT / "deploy" / "grafana" / "syllabus.json"


@pytest.fixture
def scrape(client, settings):
    """Read /metrics, as the value of each name with its labels."""
    settings.METRICS_ENABLED = True

    def read():
        response = client.get("/metrics")
        assert response.status_code == 200
        assert response["Content-Type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(response.content.decode())
        return {(s.name, *sorted(s.labels.items())): s.value for f in families for s in f.samples}

    return read


@app.task
def fail():
    raise ValueError("as it must")


@pytest.mark.django_db
def test_responses_are_counted_by_route_status_and_x_cache(scrape, client):
    course = CourseFactory()
    labels = [("method", "GET"), ("route", "api/v1/courses/<int:pk>/"), ("status", "200")]
    before = scrape()
    for _ in range(3):
        client.get(f"/api/v1/courses/{course.pk}/")
    after = scrape()

    def more(name, *labels):
        return after[name, *labels] - before.get((name, *labels), 0)

    assert more("syllabus_http_responses_total", *labels, ("x_cache", "HIT")) == 2
    assert more("syllabus_http_responses_total", *labels, ("x_cache", "MISS")) == 1
    assert more("syllabus_http_response_seconds_count", labels[1]) == 3
    assert not any("/courses/1" in str(key) for key in after)  # no label for each path


@pytest.mark.django_db
def test_methods_that_a_client_invents_are_one_series(scrape, client):
    for number in range(20):
        client.generic(f"X{number}Y", "/nothing")
        client.generic(f"X{number}Y", "/health/live")
    series = [dict(labels) for name, *labels in scrape() if name == "syllabus_http_responses_total"]
    invented = [each["route"] for each in series if each["method"] == "other"]
    assert sorted(invented) == sorted(set(invented))
    assert {"-", "health/live"} <= set(invented)
    assert not any(each["method"].startswith("X") for each in series)


@pytest.mark.django_db
def test_refusals_failures_and_the_cache_are_counted(scrape, client, settings, monkeypatch):
    course = CourseFactory()
    before = scrape()
    for _ in range(3):
        course_detail.get(pk=course.pk)
    for _ in range(12):
        client.get("/api/v1/courses/top/")
    fail.apply()
    after = scrape()
    scope, task = ("scope", "courses-top"), ("task", fail.name)
    refused = ("syllabus_throttle_refusals_total", scope)
    assert after[refused] - before.get(refused, 0) == 2
    assert after["syllabus_task_failures_total", ("outcome", "failed"), task] == 1
    assert after["syllabus_task_seconds_count", task] == 1
    assert after["syllabus_cache_hits_total", ("thing", "v1:courses:detail")] >= 2
    assert after["syllabus_breaker_open", ("server", "cache")] == 0


@pytest.mark.django_db(transaction=True)
def test_the_state_of_database_and_queues_is_shown(scrape, django_user_model):
    subscription = SubscriptionFactory()
    Service.objects.filter(pk=subscription.service_id).update(full_price=7)
    user = django_user_model.objects.create(username="anna")
    OutgoingMessage.objects.create(user=user, kind="x", dedupe_key="x")
    Outbox.objects.create(node=["x"], created_at=timezone.now() - timezone.timedelta(minutes=5))
    redis_state.server().command("RPUSH", "outgoing", "a task")
    found = scrape()
    assert found[("syllabus_prices_pending",)] == 1
    assert found["syllabus_messages", ("state", "pending")] == 1
    assert ("syllabus_messages", ("state", "sent")) not in found
    assert found[("syllabus_outbox_rows",)] == 1
    assert found[("syllabus_outbox_oldest_seconds",)] >= 300
    assert found["syllabus_queue_depth", ("queue", "outgoing")] == 1
    assert found[("syllabus_beat_last_run_timestamp_seconds",)] == 0
    assert found["syllabus_database_connections", ("state", "active")] >= 1
    assert {value for key, value in found.items() if key[0] == "syllabus_source_up"} == {1}


@pytest.mark.django_db
@pytest.mark.slow
def test_a_source_that_is_away_is_left_out_and_said_to_be_down(scrape, own_redis):
    start, stop = own_redis
    start()
    stop()
    found = scrape()
    assert found["syllabus_source_up", ("source", "queues")] == 0
    assert found["syllabus_source_up", ("source", "outbox")] == 1
    assert ("syllabus_outbox_rows",) in found
    assert not any(key[0] == "syllabus_queue_depth" for key in found)


@pytest.mark.django_db
def test_metrics_are_off_unless_enabled(client):
    assert client.get("/metrics").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"REMOTE_ADDR": "192.0.2.1"}, 401),
        ("", {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}, 401),  # a proxy on this machine
        ("secret", {}, 401),
        ("secret", {"HTTP_AUTHORIZATION": "Bearer other"}, 401),
        ("secret", {"HTTP_AUTHORIZATION": "Bearer sécret"}, 401),
        ("secret", {"HTTP_AUTHORIZATION": "Bearer secret", "REMOTE_ADDR": "192.0.2.1"}, 200),
    ],
)
def test_metrics_are_for_this_machine_or_for_the_holder_of_the_token(
    client, settings, token, headers, status
):
    settings.METRICS_ENABLED, settings.METRICS_TOKEN = True, token
    assert client.get("/metrics", **headers).status_code == status


@pytest.mark.django_db
def test_every_metric_of_the_dashboard_exists(client):
    course_detail.get(pk=CourseFactory().pk)
    expressions = re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', DASHBOARD.read_text())
    named = {name for expression in expressions for name in re.findall(r"syllabus_\w+", expression)}
    assert len(named) > 15
    assert named - set(metrics.describe()) == set()
    assert json.loads(DASHBOARD.read_text())["title"] == "Syllabus"
    assert not any(urlsplit(word).netloc for word in re.findall(r'"(https?:[^"]+)"', DASHBOARD.read_text()))


@pytest.mark.django_db
def test_messages_that_are_not_delivered_are_counted_from_their_index():
    with CaptureQueriesContext(connection) as statements:
        assert selectors.undelivered_messages() == dict.fromkeys(UNDELIVERED, 0)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the table is empty
        cursor.execute(f"EXPLAIN {statements[0]['sql']}")
        assert any("message_undelivered" in line for (line,) in cursor.fetchall())
