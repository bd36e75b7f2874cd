"""The history of prices: every way of changing one is in it, with who or what did it, from when to when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from services.attribution import ACT_FOR
from services.models import Plan, PriceChange, Service, Subscription, SubscriptionMove
from tests.clients.callers import signed_in
from tests.factories import UserFactory
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return UserFactory(username="boss", is_staff=True, is_superuser=True)


@pytest.fixture
def api(admin):
    return signed_in(admin)


def history(api, address):
    response = api.get(f"/api/v1/{address}")
    assert response.status_code == 200, response.content
    return response.json()["results"]


def execute(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def save(service):
    service.full_price = 7
    service.save()


def bulk_update(service):
    service.full_price = 7
    Service.objects.bulk_update([service], ["full_price"])


WAYS = {
    "save": save,
    "update": lambda service: Service.objects.filter(pk=service.pk).update(full_price=7),
    "bulk_update": bulk_update,
    "sql": lambda service: execute("UPDATE services_service SET full_price = 7 WHERE id = %s", service.pk),
    "cte": lambda service: execute(
        "WITH changed AS (UPDATE services_service SET full_price = 7 WHERE id = %s RETURNING id) "
        "SELECT id FROM changed",
        service.pk,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_changing_a_price_is_in_the_history(api, way):
    service = ServiceFactory(full_price=250)
    WAYS[way](service)
    now, before = history(api, f"services/{service.pk}/history/")
    assert (now["full_price"], before["full_price"]) == (7, 250)
    assert before["effective_to"] == now["effective_from"]
    assert now["effective_to"] is None
    assert (now["changed_by"], now["via"]) == (None, "SQL")
    assert PriceChange.objects.first().via.startswith("SQL by ")


def test_a_save_that_changes_no_price_is_not_in_the_history(api):
    service = ServiceFactory()
    service.name = "Another"
    service.save()
    assert len(history(api, f"services/{service.pk}/history/")) == 1


def test_a_request_s_user_is_named(api, admin):
    plan = PlanFactory(discount_percent=5)
    assert api.patch(f"/api/v1/plans/{plan.pk}/", {"discount_percent": 10}, "json").status_code == 200
    now, before = history(api, f"plans/{plan.pk}/history/")
    assert (now["discount_percent"], now["changed_by"]) == (10, "boss")
    assert now["via"] == f"PATCH /api/v1/plans/{plan.pk}/"
    assert (before["discount_percent"], before["changed_by"]) == (5, None)


def test_the_admin_s_user_is_named(admin_client, admin_user):
    service = ServiceFactory()
    form = {"name": service.name, "full_price": 3, "_save": "Save"}
    form |= {"price_changes-TOTAL_FORMS": 0, "price_changes-INITIAL_FORMS": 0}
    response = admin_client.post(f"/admin/services/service/{service.pk}/change/", form)
    assert response.status_code == 302, response.content
    change = PriceChange.objects.get(value=3)
    assert (change.user, change.via) == (admin_user, f"POST /admin/services/service/{service.pk}/change/")


def test_who_changed_one_price_is_not_named_for_the_next(api):
    service = ServiceFactory()
    api.patch(f"/api/v1/services/{service.pk}/", {"full_price": 10}, "json")
    Service.objects.update(full_price=11)  # in the same transaction as the request, in a test
    latest, earlier, _ = history(api, f"services/{service.pk}/history/")
    assert (latest["changed_by"], earlier["changed_by"]) == (None, "boss")


def test_a_user_who_is_deleted_leaves_the_history(api):
    user = UserFactory()
    service = ServiceFactory()
    execute(ACT_FOR, str(user.pk), "x")
    execute("UPDATE services_service SET full_price = 1 /* no actor of Django's */")
    User.objects.filter(pk=user.pk).delete()
    assert history(api, f"services/{service.pk}/history/")[0]["changed_by"] is None


def test_two_changes_in_one_transaction_have_different_moments_in_their_order(api):
    service = ServiceFactory(full_price=1)
    with transaction.atomic():
        for price in (2, 3, 4):
            Service.objects.update(full_price=price)
    rows = history(api, f"services/{service.pk}/history/")
    assert [row["full_price"] for row in rows] == [4, 3, 2, 1]
    assert len({row["effective_from"] for row in rows}) == 4


def test_a_clock_that_is_set_back_does_not_change_the_order(api):
    service = ServiceFactory(full_price=1)
    ahead = timezone.now() + timedelta(hours=1)
    PriceChange.objects.filter(service=service).update(effective_from=ahead)
    Service.objects.update(full_price=2)
    change = PriceChange.objects.get(value=2)
    assert change.effective_from == ahead + timedelta(microseconds=1)


class TestPricesOfASubscription:
    def test_each_period_says_why_it_began(self, api):
        row = SubscriptionFactory(service__full_price=100, plan__discount_percent=0)
        Service.objects.update(full_price=200)
        Plan.objects.update(discount_percent=50)
        other = ServiceFactory(full_price=10)
        api.patch(f"/api/v1/subscriptions/{row.pk}/", {"service": other.pk}, "json")
        Service.objects.exclude(pk=other.pk).update(full_price=999)  # no longer its service
        Service.objects.filter(pk=other.pk).update(full_price=20)
        periods = history(api, f"subscriptions/{row.pk}/prices/")
        assert [(one["price"], one["reason"]) for one in periods] == [
            (10, "service"),
            (5, "moved"),
            (100, "plan"),
            (200, "service"),
            (100, "added"),
        ]
        assert [one["effective_to"] for one in periods][1:] == [one["effective_from"] for one in periods][:-1]
        assert periods[1]["changed_by"] == "boss"

    def test_as_of_includes_the_moment_at_which_a_price_begins(self, api):
        row = SubscriptionFactory(service__full_price=100)
        Service.objects.update(full_price=200)
        began = parse_datetime(history(api, f"subscriptions/{row.pk}/prices/")[0]["effective_from"])

        def price_at(moment):
            return [
                one["price"] for one in history(api, f"subscriptions/{row.pk}/prices/?as_of={iso(moment)}")
            ]

        assert price_at(began) == [200]
        assert price_at(began - timedelta(microseconds=1)) == [100]
        assert price_at(row.created_at) == [100]
        assert price_at(row.created_at - timedelta(microseconds=1)) == []
        scheduled = began + timedelta(days=1)
        PriceChange.objects.create(service=row.service, value=300, effective_from=scheduled)
        assert price_at(scheduled) == [300]
        assert price_at(scheduled - timedelta(microseconds=1)) == [200]

    def test_a_service_that_is_deleted_stays_in_the_prices_of_its_former_subscriptions(self, api):
        row = SubscriptionFactory(service__full_price=100)
        former = row.service_id
        Subscription.objects.update(service=ServiceFactory(full_price=1))
        assert api.delete(f"/api/v1/services/{former}/").status_code == 204
        assert [one["price"] for one in history(api, f"subscriptions/{row.pk}/prices/")] == [1, 100]

    def test_its_moves_are_deleted_with_it(self):
        row = SubscriptionFactory()
        Subscription.objects.update(service=ServiceFactory())
        assert SubscriptionMove.objects.filter(subscription=row.pk).exists()
        Subscription.objects.all().delete()
        assert not SubscriptionMove.objects.exists()


@pytest.mark.parametrize("address", ["services/{0.service_id}/history/", "subscriptions/{0.pk}/prices/"])
def test_the_queries_are_the_same_for_1_and_50_changes(api, django_assert_num_queries, address):
    row = SubscriptionFactory()
    with django_assert_num_queries(3):
        history(api, address.format(row))
    for price in range(50):
        Service.objects.update(full_price=price)
    with django_assert_num_queries(3):
        history(api, address.format(row))


def iso(moment):
    return moment.isoformat().replace("+00:00", "Z")
