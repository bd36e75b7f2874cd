"""The second source's chapters "Singleton" and "a second worker": set_price and set_comment.

There ``save()`` sends both tasks for every subscription. Here a set-based recalculation follows a change,
and the two tasks are sent for single subscriptions, by the API and by the admin.
"""

from __future__ import annotations

import json
import re
import socket

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core import redis_state
from services import actions, admin, pricing, tasks
from services.models import Plan, Service, Subscription
from services.recalculation import recalculate
from tests.clients.callers import signed_in
from tests.factories import UserFactory
from tests.services.checks import wrong_prices
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory, make_subscriptions
from tests.support.answers import problem
from tests.support.threads import Other, at_once
from tests.support.waiting import until
from tests.support.workers import working

STAMP = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\+00:00")
EARLIER_STAMPS = ["", "2020-01-31 09:00:00+00:00", "2023-01-02 03:04:05.678901"]
PERSONS = ["call back on 2020-01-31 09:00:00+00:00", "2020-01-31", " ", "ok"]
BOTH = ["services.tasks.set_price", "services.tasks.set_comment"]


def sent() -> list[tuple[str, int]]:
    """Return the tasks that wait in the broker with the id of each, oldest first."""
    messages = map(json.loads, reversed(redis_state.client().lrange("prices", 0, -1)))
    return [
        (message["headers"]["task"], int(re.sub(r"\D", "", message["headers"]["argsrepr"])))
        for message in messages
    ]


@pytest.fixture
def staff_api(db):
    return signed_in(UserFactory(is_staff=True, is_superuser=True))


@pytest.fixture
def broker_away(settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"


@pytest.mark.django_db
class TestSingleSubscriptions:
    def address(self, row):
        return f"/api/v1/subscriptions/{row.pk}/recalculate/"

    def test_a_post_sends_both_tasks_for_the_subscription(self, staff_api):
        row = SubscriptionFactory()
        answer = staff_api.post(self.address(row))
        assert (answer.status_code, answer.json()) == (202, {"tasks": BOTH})
        assert sent() == [(name, row.pk) for name in BOTH]

    def test_celery_singleton_lets_one_message_of_each_wait(self, staff_api):
        row = SubscriptionFactory()
        for _ in range(5):
            assert staff_api.post(self.address(row)).status_code == 202
        assert sent() == [(name, row.pk) for name in BOTH]

    def test_a_broker_that_is_away_is_said(self, staff_api, broker_away):
        row = SubscriptionFactory()
        problem(staff_api.post(self.address(row)), 503, "broker")

    def test_what_does_not_exist_or_is_not_understood_sends_nothing(self, staff_api):
        row = SubscriptionFactory()
        problem(staff_api.post("/api/v1/subscriptions/999999/recalculate/"), 404)
        errors = problem(staff_api.post(self.address(row), {"price": 1}, format="json"), 400)["errors"]
        assert "There is no such field" in errors["price"][0]
        problem(staff_api.post(f"{self.address(row)}?force=1"), 400)
        problem(staff_api.get(self.address(row)), 405)
        assert sent() == []

    def choose(self, admin_client, rows, **more):
        body = {"action": "recalculate_single", "_selected_action": [row.pk for row in rows], **more}
        return admin_client.post("/admin/services/subscription/", body, follow=True).content.decode()

    def test_the_admin_sends_both_tasks_for_each_of_the_selected(self, admin_client):
        rows = [SubscriptionFactory() for _ in range(3)]
        assert "Recalculation of 2 requested." in self.choose(admin_client, rows[:2])
        assert sorted(sent()) == sorted((name, row.pk) for row in rows[:2] for name in BOTH)

    def test_the_admin_refuses_more_than_it_can_send_one_by_one(self, admin_client, monkeypatch):
        monkeypatch.setattr(admin, "MAX_SINGLE_RECALCULATIONS", 2)
        rows = [SubscriptionFactory() for _ in range(3)]
        assert "At most 2 at once" in self.choose(admin_client, rows)
        assert sent() == []

    def test_the_admin_says_that_the_broker_is_away(self, admin_client, broker_away):
        page = self.choose(admin_client, [SubscriptionFactory()])
        assert "Recalculation of 0 requested. The broker is away." in page

    def test_the_tasks_bring_the_price_up_to_date_and_stamp_the_comment(self):
        row = SubscriptionFactory()
        Service.objects.update(full_price=7)
        tasks.set_price.run(row.pk)
        tasks.set_comment.run(row.pk)
        row.refresh_from_db()
        assert (row.price, row.price_status) == (7, "current")
        assert STAMP.fullmatch(row.comment)

    @pytest.mark.parametrize("comment", PERSONS)
    def test_set_comment_keeps_what_a_person_wrote(self, comment):
        row = SubscriptionFactory(comment=comment)
        tasks.set_comment.run(row.pk)
        assert Subscription.objects.get().comment == comment


@pytest.mark.django_db
class TestStamps:
    @pytest.mark.parametrize("comment", EARLIER_STAMPS)
    def test_a_recalculation_stamps_an_empty_comment_and_an_earlier_stamp(self, comment):
        SubscriptionFactory(comment=comment)
        Plan.objects.update(discount_percent=50)
        recalculate()
        row = Subscription.objects.get()
        assert row.price == 125
        assert row.comment == f"{row.priced_at:%Y-%m-%d %H:%M:%S}+00:00"

    @pytest.mark.parametrize("comment", PERSONS)
    def test_what_a_person_wrote_is_kept(self, comment):
        SubscriptionFactory(comment=comment)
        Service.objects.update(full_price=1)
        recalculate()
        assert Subscription.objects.values_list("price", "comment").get() == (1, comment)

    def test_the_setting_switches_stamps_off(self, settings):
        settings.RECALCULATION_STAMPS_COMMENT = False
        SubscriptionFactory()
        Service.objects.update(full_price=1)
        recalculate()
        assert Subscription.objects.values_list("price", "comment").get() == (1, "")

    def test_a_chunk_is_stamped_by_the_statement_that_prices_it(self):
        make_subscriptions(30)
        Service.objects.update(full_price=1)
        with CaptureQueriesContext(connection) as captured:
            recalculate()
        updates = [one["sql"] for one in captured if "UPDATE services_subscription" in one["sql"]]
        assert len(updates) == 1
        assert Subscription.objects.filter(comment__regex=pricing.STAMP_PATTERN).count() == 30

    def test_a_stamp_is_no_longer_than_a_comment_may_be(self):
        row = SubscriptionFactory()
        pricing.stamp(row.pk)
        row.refresh_from_db()
        row.full_clean()


@pytest.mark.django_db(transaction=True)
class TestBothAtOnce:
    ROWS, ROUNDS = 10, 5

    def assert_all_done(self, price):
        assert wrong_prices() == []
        rows = list(Subscription.objects.all())
        assert {row.price for row in rows} == {price}
        assert all(STAMP.fullmatch(row.comment) for row in rows)
        assert {(row.region, row.channel) for row in rows} == {("north", "web")}

    def test_in_threads_on_one_row_they_lose_nothing(self):
        row = SubscriptionFactory(region="north", channel="web", plan=PlanFactory(discount_percent=10))
        for price in range(100, 100 * (self.ROUNDS + 1), 100):
            Service.objects.update(full_price=price)
            Subscription.objects.update(comment="")
            runs = [lambda task=task: task.run(row.pk) for task in (tasks.set_price, tasks.set_comment) * 5]
            at_once(*runs)
            self.assert_all_done(price * 90 / 100)

    def test_a_comment_that_is_being_written_wins_over_the_stamp(self):
        row = SubscriptionFactory()
        Service.objects.update(full_price=1)
        with transaction.atomic():
            Subscription.objects.filter(pk=row.pk).update(comment="a person's")
            others = [
                Other(lambda task=task: task.run(row.pk)) for task in (tasks.set_price, tasks.set_comment)
            ]
            for other in others:
                other.wait_until_it_waits()
        for other in others:
            other.result()
        assert Subscription.objects.values_list("price", "comment").get() == (1, "a person's")

    @pytest.mark.slow
    def test_in_two_worker_processes_they_lose_nothing(self, tmp_path):
        plan = PlanFactory(discount_percent=10)
        rows = make_subscriptions(
            self.ROWS, service=ServiceFactory(), plan=plan, region="north", channel="web"
        )
        with connection.cursor() as cursor:  # no message of its own
            cursor.execute("UPDATE services_service SET full_price = 300")
        assert actions.recalculate_single(row.pk for row in rows) == self.ROWS
        with working(tmp_path, concurrency=2) as worker:
            for name in BOTH:
                until(lambda name=name: worker.runs(name) == self.ROWS)
        self.assert_all_done(270)
