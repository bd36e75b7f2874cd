"""The dashboard's numbers: right, coherent, cheap, and shown to those who may see them."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from caching.testing import assert_independent_of_caller
from core import beat, redis_state, worker
from core.history import record_change
from courses.models import Enrollment
from messaging.models import OutgoingMessage
from monitoring import cache
from monitoring.dashboard import sums
from monitoring.models import DashboardSum
from services.models import Service, Subscription
from services.recalculation import recalculate
from tasks.models import Task
from tests.courses.factories import EnrollmentFactory
from tests.factories import UserFactory
from tests.services.factories import ServiceFactory, SubscriptionFactory
from tests.support.staff import ROLES, make_every_row, make_role
from tests.tasks.factories import TaskFactory

pytestmark = pytest.mark.django_db

API = "/api/v1/dashboard/"


def numbers():
    return cache.dashboard.get().value


def sold():
    return {(row["id"], row["count"], row["amount"]) for row in numbers()["sales"]["services"]}


def test_sums_follow_every_way_of_writing():
    first, second = SubscriptionFactory.create_batch(2, service__full_price=100, plan__discount_percent=0)
    assert sold() == {(first.service_id, 1, 100.0), (second.service_id, 1, 100.0)}
    Subscription.objects.filter(pk=second.pk).update(service=first.service)
    assert sold() == {(first.service_id, 2, 200.0)}
    Service.objects.filter(pk=first.service_id).update(full_price=50)
    assert [row["id"] for row in numbers()["pending"]] == [first.service_id]
    recalculate()
    assert sold() == {(first.service_id, 2, 100.0)}
    assert numbers()["pending"] == []
    second.delete()
    assert numbers()["sales"]["count"] == numbers()["subscribed"][-1] == 1
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE services_subscription CASCADE")
    assert numbers()["sales"]["count"] == sum(numbers()["subscribed"]) == 0


def test_the_last_changes_of_prices_say_who_made_them(admin_client, admin_user):
    service = SubscriptionFactory(service__full_price=100, plan__discount_percent=5).service
    form = {"name": service.name, "full_price": 70, "price_changes-TOTAL_FORMS": 0}
    form |= {"price_changes-INITIAL_FORMS": 0, "_save": "Save"}
    admin_client.post(f"/admin/services/service/{service.pk}/change/", form)
    Service.objects.update(full_price=60)
    by_sql, by_admin = numbers()["price_changes"][:2]
    assert (by_sql["id"], by_sql["value"], by_sql["user_name"]) == (service.pk, 60, None)
    assert (by_admin["value"], by_admin["user_name"]) == (70, admin_user.username)
    page = admin_client.get("/admin/").content.decode()
    part = page.partition('aria-labelledby="part-price-changes"')[2].partition("</section>")[0]
    for text in ("70.00", admin_user.username, f"/admin/services/service/{service.pk}/change/", "5 %"):
        assert text in part


def test_weeks_follow_enrolments_and_completions():
    row = EnrollmentFactory()
    assert (numbers()["enrolled"][-1], numbers()["completed"][-1]) == (1, 0)
    Enrollment.objects.update(created_at=timezone.now() - timedelta(weeks=2), completed_at=timezone.now())
    assert (numbers()["enrolled"][-3:], numbers()["completed"][-1]) == ([1, 0, 0], 1)
    row.delete()
    assert sum(numbers()["enrolled"] + numbers()["completed"]) == 0


def test_merging_changes_no_sum_and_then_nothing():
    SubscriptionFactory.create_batch(3)
    before = numbers()
    sums.merge()
    keys = DashboardSum.objects.values_list("kind", "key")
    assert len(keys) == len(set(keys))
    assert cache.dashboard.load_uncached() == cache.dashboard.get().body
    assert numbers() == before
    rows = set(DashboardSum.objects.values_list("pk", flat=True))
    sums.merge()
    assert set(DashboardSum.objects.values_list("pk", flat=True)) == rows


def test_the_team_and_the_messages():
    late = TaskFactory(deadline=timezone.now() - timedelta(hours=1))
    assert numbers()["overdue"]["lists"][0]["id"] == late.task_list_id
    Task.objects.update(deadline=timezone.now() + timedelta(hours=1))
    assert numbers()["overdue"] == {"count": 0, "lists": []}
    OutgoingMessage.objects.create(user=late.task_list.owner, kind="k", dedupe_key="k", state="given_up")
    assert numbers()["undelivered"]["given_up"] == 1


def test_the_numbers_depend_on_no_caller():
    make_every_row()
    assert_independent_of_caller(cache.dashboard)


@pytest.mark.parametrize("role", ["superuser", "viewer"])
def test_a_cold_page_takes_at_most_10_statements_however_many_rows_there_are(client, role):
    SubscriptionFactory()
    EnrollmentFactory()
    TaskFactory(deadline=timezone.now() - timedelta(hours=1))
    client.force_login(make_role(role))
    client.get("/admin/")
    counted = []
    for _ in range(2):
        cache.dashboard.invalidate_all()
        with CaptureQueriesContext(connection) as captured:
            assert len(client.get("/admin/").context["dashboard"]) == len(ALL_PARTS)
        counted.append([each["sql"] for each in captured if each["sql"].lstrip("(").startswith("SELECT")])
        SubscriptionFactory.create_batch(10)
        EnrollmentFactory.create_batch(10)
    assert len(counted[0]) == len(counted[1]) <= 10


@pytest.mark.parametrize(
    ("role", "parts"),
    [
        ("superuser", ["services", "overdue", "undelivered", "cache", "system", "events"]),
        ("sales", ["services", "plans", "subscribed", "prices", "price-changes", "events"]),
        ("editor", ["learning", "rated", "events"]),
        ("guest", ["events"]),
    ],
)
def test_a_viewer_sees_the_parts_whose_rows_it_may_see(role, parts):
    make_every_row()
    client = Client()
    client.force_login(make_role(role))
    page = client.get("/admin/").content.decode()
    shown = [name for name in ALL_PARTS if f'aria-labelledby="part-{name}"' in page]
    assert set(parts) <= set(shown)
    if role != "superuser":
        assert shown == [name for name in ALL_PARTS if name in parts]


ALL_PARTS = ["services", "plans", "subscribed", "prices", "price-changes", "learning", "rated"]
ALL_PARTS += ["overdue", "undelivered", "cache", "system", "events"]


def test_events_are_shown_to_those_who_may_see_their_rows():
    make_every_row()
    expected = {"superuser": 4, "sales": 2, "editor": 0, "viewer": 4, "guest": 0}
    for role in ("superuser", *ROLES):
        client = Client()
        client.force_login(make_role(role))
        events = client.get("/admin/").context["dashboard"][-1]
        assert len(events.rows) == expected[role], role


def test_what_an_action_does_to_many_rows_is_one_event(admin_client, admin_user):
    services = ServiceFactory.create_batch(20)
    record_change(admin_user, services[0], ["name"])
    body = {"action": "recalculate", "_selected_action": [service.pk for service in services]}
    admin_client.post("/admin/services/service/", body)
    events = numbers()["events"]
    # The clock may strike a second between them.
    assert sum(1 + each["others"] for each in events[:-1]) == 20
    assert len(events) <= 3
    shown = admin_client.get("/admin/", headers={"Accept-Language": "uk"}).content.decode()
    assert f"… і ще {events[0]['others']}" in shown or events[0]["others"] == 0


def test_undelivered_messages_are_sent_again_from_the_page(admin_client):
    make_every_row()
    page = admin_client.get("/admin/").content.decode()
    assert 'action="/admin/messaging/outgoingmessage/?state__in=uncertain%2Cgiven_up"' in page
    body = {"action": "send_again", "select_across": "1", "_selected_action": "0"}
    admin_client.post("/admin/messaging/outgoingmessage/?state__in=uncertain%2Cgiven_up", body)
    assert not OutgoingMessage.objects.filter(state__in=["uncertain", "given_up"]).exists()


# Anonymous, a learner, staff, staff with the permission.
@pytest.mark.parametrize(
    ("is_staff", "permissions", "status"),
    [(None, [], 401), (False, [], 403), (True, [], 403), (True, ["view_dashboard", "view_task"], 200)],
)
def test_the_api_needs_the_permission(is_staff, permissions, status):
    client = APIClient()
    if is_staff is not None:
        user = UserFactory(is_staff=is_staff)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_authenticate(user)
    response = client.get(API)
    assert response.status_code == status
    if status == 200:
        assert {"overdue", "cache", "queues", "beat", "events"} <= set(response.json())
        assert not {"sales", "undelivered", "enrolled"} & set(response.json())


def test_queues_and_workers_are_unknown_while_redis_is_away(admin_client, own_redis):
    queue = admin_client.get(API).json()["queues"][0]
    assert queue == {"name": "default", "waiting": None, "workers": None, "served_at": None}
    assert "unknown" in admin_client.get("/admin/").content.decode()


def test_queues_and_beat_are_known_by_what_they_record(admin_client):
    assert admin_client.get(API).json()["beat"] is None
    server = redis_state.server()
    server.command("SET", beat.LAST_RUN_KEY, 1700000000)
    server.command("HSET", worker.QUEUES_KEY, "default", 1700000000)
    server.command("LPUSH", "default", "a task")
    for seen, name in ((time.time(), "a"), (time.time(), "b"), (1700000000, "ended")):
        server.command("ZADD", worker.WORKERS_KEY, seen, f"default {name}@host")
    body = admin_client.get(API).json()
    assert body["beat"] == 1700000000
    assert body["queues"][0] == {"name": "default", "waiting": 1, "workers": 2, "served_at": 1700000000}
