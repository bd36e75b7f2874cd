"""PostgreSQL answers every filter, and every step of the recalculation, from an index (docs/prices.md)."""

from __future__ import annotations

import pytest
from django.db import connection

from services import selectors
from services.models import Subscription
from services.recalculation import CHUNK_ROWS, Source
from services.search import Search
from tests.clients.factories import ClientFactory
from tests.services.factories import PlanFactory, ServiceFactory

ROWS = 10_000
SPREAD = 50  # clients, services and plans: each has a fiftieth of the rows


@pytest.fixture(scope="module")
def _ten_thousand(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        clients = ClientFactory.create_batch(SPREAD)
        services = [ServiceFactory(full_price=100 + number) for number in range(SPREAD)]
        plans = PlanFactory.create_batch(SPREAD)
        Subscription.objects.bulk_create(
            Subscription(
                client=clients[number % SPREAD],
                service=services[number // SPREAD % SPREAD],
                plan=plans[number // 7 % SPREAD],
                comment=str(number),
                region=str(number % 100),
                channel=str(number % 33),
            )
            for number in range(ROWS)
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE services_subscription")
        yield
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE clients_client, services_service, services_plan, auth_user CASCADE")


@pytest.fixture
def rows(_ten_thousand, db):
    return Subscription.objects.order_by("pk")


@pytest.mark.parametrize(
    ("index", "selection"),
    [
        ("subscription_of_client", lambda row: {"client": row.client_id}),
        ("subscription_by_service", lambda row: {"service": row.service_id}),
        ("subscription_by_plan", lambda row: {"plan": row.plan_id}),
        ("subscription_by_comment", lambda row: {"comment": "123"}),
        ("subscription_of_region", lambda row: {"region": "12", "channel": "12"}),
        ("subscription_of_region", lambda row: {"region": "12"}),
        ("subscription_of_channel", lambda row: {"channel": "12"}),
        ("subscription_comment_search", lambda row: {"search": Search("123")}),
        ("subscription_of_client", lambda row: {"search": Search(row.client.company_name)}),
    ],
)
def test_a_filter_is_answered_from_its_index(rows, index, selection):
    plan = selectors.select_subscriptions(selection(rows.first())).explain()
    assert "Seq Scan on services_subscription" not in plan
    assert index in plan
    assert "Index" in plan


def test_a_page_walks_the_ids_and_looks_up_its_rows_alone(rows):
    ids = selectors.select_subscriptions({}).order_by("pk").values("pk")[40:60]
    plan = Subscription.objects.filter(pk__in=ids).order_by("pk").explain()
    assert "Seq Scan on services_subscription" not in plan
    assert "services_subscription_pkey" in plan


@pytest.mark.parametrize("order", ["comment", "service", "plan"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_page_of_an_order_walks_its_index(rows, order, sign):
    page = selectors.subscription_page(rows, {}, order=f"{sign}{order}", first=40, size=20)
    plan = page.explain()
    assert "Seq Scan on services_subscription" not in plan
    assert f"subscription_by_{order}" in plan


@pytest.mark.parametrize("order", ["price", "-price"])
def test_a_page_by_price_reads_the_services_at_its_prices(rows, order):
    plan = selectors.subscription_page(rows, {}, order=order, first=40, size=20).explain()
    assert "Seq Scan on services_subscription" not in plan
    assert "subscription_by_service" in plan


def test_no_index_holds_what_a_recalculation_writes(db):
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "services_subscription")
    indexed = {name for one in constraints.values() if one["index"] for name in one["columns"]}
    assert indexed.isdisjoint(Subscription.PRICED)


def test_a_chunk_is_a_range_of_an_index(rows):
    source = Source("service", rows.first().service_id, revision=2, rows=1)
    chunk = source.pending().filter(pk__gt=rows.first().pk).order_by("pk")[:CHUNK_ROWS]
    plan = chunk.explain()
    assert "subscription_by_service" in plan
    assert "Seq Scan" not in plan
