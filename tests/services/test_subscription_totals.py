"""The kept totals equal the sums over the rows, whatever is done to the subscriptions."""

from __future__ import annotations

import random

import pytest
from django.core import serializers
from django.db import connection, transaction
from django.db.models import Count, Sum

from services import subscription_totals, tasks
from services.models import Plan, Recalculation, Service, Subscription
from services.recalculation import RECALCULATION_RETENTION, recalculate
from services.selectors import select_subscriptions, totals, totals_of
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory, make_subscriptions
from tests.support.threads import at_once

PRICE_STATUSES = ["current", "pending"]


def added_up() -> tuple[int, object]:
    found = Subscription.objects.aggregate(count=Count("pk"), total=Sum("price"))
    return found["count"], found["total"] or 0


def wrong_selections() -> list[dict[str, object]]:
    """Selections whose kept totals are not what adding up their rows says."""
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
    given = [{name: value for name, value in one.items() if value is not None} for one in selections]
    return [one for one in given if totals(**one) != totals_of(select_subscriptions(one))]


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
    assert wrong_selections() == []
    Subscription.objects.all().delete()
    subscription_totals.compact()
    assert wrong_selections() == []


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
