"""The kept totals equal the sums over the rows, whatever is done to the subscriptions."""

from __future__ import annotations

import random

import pytest
from django.core import serializers
from django.db import connection, transaction
from django.db.models import Count, Sum

from services import search, subscription_totals, tasks
from services.models import Plan, Recalculation, Service, Subscription
from services.pricing import reprice_rows
from services.recalculation import RECALCULATION_RETENTION, recalculate
from services.search import Search
from services.selectors import select_subscriptions, subscription_page, totals
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory, make_subscriptions
from tests.support.threads import at_once

PRICE_STATUSES = ["current", "pending"]


def added_up(rows=None) -> tuple[int, object]:
    found = (Subscription.objects if rows is None else rows).aggregate(count=Count("pk"), total=Sum("price"))
    return found["count"], found["total"] or 0


def is_wrong(selection) -> bool:
    number, amount = added_up(select_subscriptions(selection))
    return totals(**selection) != {"count": number, "total_amount": float(amount)}


def wrong_selections() -> list[dict[str, object]]:
    """Selections whose totals are not what adding up their rows says."""
    services = [None, *Service.objects.values_list("pk", flat=True)]
    plans = [None, *Plan.objects.values_list("pk", flat=True)]
    selections = [{"service": service, "plan": plan} for service in services for plan in plans]
    selections += [{"plan_type": kind} for kind in Plan.PlanType.values]
    prices = Subscription.objects.values_list("price", flat=True).distinct()
    selections += [
        {"price_min": price, "price_max": other, "price_status": status}
        for price in [None, *prices]
        for other in [None, price]
        for status in [None, *PRICE_STATUSES]
    ]
    selections += [{"service": services[-1], "price_status": status} for status in PRICE_STATUSES]
    selections += [
        {"channel": "w"},
        {"channel": "w", "price_status": "current"},
        {"comment": "no price changes"},
    ]
    selections += [{"search": Search(text)} for text in ("no", "company 1", "example", "zz")]
    selections += [{"search": Search("no"), "channel": "w"}]
    selections += [{"search": Search("example"), "price_status": "pending"}]
    given = [{name: value for name, value in one.items() if value is not None} for one in selections]
    return [one for one in given if is_wrong(one)]


def wrong_pages() -> list[tuple[str, dict[str, object], int]]:
    """Pages by price that do not have the rows which sorting them all gives."""
    wrong = []
    for selection in ({}, {"service": Service.objects.first().pk}, {"price_status": "pending"}):
        rows = select_subscriptions(selection)
        for order, ordering in ("price", ("price", "id")), ("-price", ("-price", "-id")):
            expected = list(rows.order_by(*ordering))
            for first in range(0, len(expected) + 3, 3):
                page = subscription_page(rows, selection, order=order, first=first, size=3)
                if list(page) != expected[first : first + 3]:
                    wrong.append((order, selection, first))
    return wrong


def rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM services_tally")
        return cursor.fetchone()[0]


def change_something(dice: random.Random) -> None:
    """One of the ways in which subscriptions and prices change."""
    some = Subscription.objects.filter(
        pk__in=[row.pk for row in Subscription.objects.all() if dice.random() < 0.3]
    )
    plan, service = dice.choice(Plan.objects.all()), dice.choice(Service.objects.all())
    dice.choice(
        [
            lambda: make_subscriptions(dice.randint(1, 5), service=service, plan=plan),
            lambda: some.update(plan=plan),
            lambda: some.update(service=service),
            lambda: some.update(comment="no price changes"),
            lambda: some.update(channel="w"),
            lambda: reprice_rows([row.pk for row in some]),
            lambda: some.delete(),
            lambda: Service.objects.filter(pk=service.pk).update(full_price=dice.randint(0, 99999) / 100),
            lambda: Plan.objects.filter(pk=plan.pk).update(discount_percent=dice.randint(0, 100)),
            recalculate,
            subscription_totals.compact,
        ]
    )()


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_adding_up_says_after_any_changes(seed):
    dice = random.Random(seed)
    ServiceFactory.create_batch(3)
    PlanFactory.create_batch(3)
    for _ in range(40):
        change_something(dice)
        assert subscription_totals.read() == added_up()
    Plan.objects.update(discount_percent=dice.randint(0, 100))
    reprice_rows(
        Subscription.objects.values_list("pk", flat=True)[::2]
    )  # so that equal ones cost differently
    assert wrong_selections() == []
    assert wrong_pages() == []
    Subscription.objects.all().delete()
    subscription_totals.compact()
    assert wrong_selections() == []


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [0, 2, 5])
def test_totals_of_a_search_are_right_whichever_clients_are_counted(monkeypatch, limit):
    """Those that match, if they are few; else those that do not; else neither."""
    monkeypatch.setattr(search, "MAX_CLIENT_IDS", limit)
    for number in range(6):
        SubscriptionFactory(client__company_name="acme" if number < 4 else "other", comment=f"b{number}")
    for text, count in ("acme", 4), ("other", 2), ("b", 6), ("b1", 1), ("acme b1", 0):
        assert totals(search=Search(text)) == {"count": count, "total_amount": count * 250.0}
    assert not is_wrong({"search": Search("acme")})


@pytest.mark.django_db(transaction=True)
class TestCommitted:
    def test_what_is_rolled_back_was_never_counted(self):
        SubscriptionFactory()
        with transaction.atomic():
            make_subscriptions(5)
            transaction.set_rollback(True)
        assert subscription_totals.read() == (1, 250)

    def test_truncating_is_counted(self):
        make_subscriptions(5)
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE services_subscription")
        assert subscription_totals.read() == subscription_totals.read_of() == (0, 0)

    def test_a_dump_that_is_loaded_is_counted_once(self):
        make_subscriptions(3)
        dump = serializers.serialize("json", Subscription.objects.all())
        Subscription.objects.all().delete()
        for row in serializers.deserialize("json", dump):
            row.save()
        assert subscription_totals.read() == added_up() == (3, 750)

    def test_compacting_while_others_write_loses_nothing(self):
        service, plan = ServiceFactory(), PlanFactory()
        client = SubscriptionFactory().client

        def write():
            for _ in range(20):
                SubscriptionFactory(client=client, service=service, plan=plan)

        def compact():
            for _ in range(20):
                subscription_totals.compact()

        assert at_once(write, write, compact, compact) == [None] * 4
        assert subscription_totals.read() == added_up() == (41, 41 * 250)
        subscription_totals.compact()
        assert rows() == 1


@pytest.mark.django_db
def test_tidying_leaves_one_row_and_deletes_old_recalculations():
    for _ in range(3):
        SubscriptionFactory()
    old = Recalculation.objects.create(service=ServiceFactory())
    Recalculation.objects.update(
        finished_at=old.started_at - RECALCULATION_RETENTION - RECALCULATION_RETENTION
    )
    running = Recalculation.objects.create(service=old.service)
    assert rows() == 3
    tasks.tidy()
    assert rows() == 1
    assert subscription_totals.read() == (3, 750)
    assert list(Recalculation.objects.all()) == [running]
