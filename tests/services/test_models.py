"""What the database itself keeps right: prices, revisions, constraints."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F, ProtectedError

from clients.models import Client
from services.models import Plan, Recalculation, Service, Subscription
from services.recalculation import recalculate
from tests.clients.factories import ClientFactory
from tests.services.checks import wrong_prices
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory, make_subscriptions

pytestmark = pytest.mark.django_db


def revision_of(row: Service | Plan) -> int:
    return type(row).objects.values_list("revision", flat=True).get(pk=row.pk)


def test_a_new_subscription_has_its_price_at_once():
    row = SubscriptionFactory(service=ServiceFactory(full_price=250), plan=PlanFactory(discount_percent=5))
    assert row.price == Decimal("237.5")
    assert row.price_status == "current"
    assert row.priced_at


def test_bulk_created_subscriptions_have_their_prices_at_once():
    rows = make_subscriptions(3, plan=PlanFactory(discount_percent=20))
    assert [row.price for row in rows] == [200, 200, 200]
    assert wrong_prices() == []


@pytest.mark.parametrize("way", ["save", "update", "bulk_update", "raw"])
def test_a_subscription_moved_to_another_plan_has_its_price_at_once(way):
    row, plan = SubscriptionFactory(), PlanFactory(discount_percent=50)
    if way == "save":
        row.plan = plan
        row.save()
    elif way == "update":
        Subscription.objects.update(plan=plan)
    elif way == "bulk_update":
        row.plan = plan
        Subscription.objects.bulk_update([row], ["plan"])
    else:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE services_subscription SET plan_id = %s", [plan.pk])
    assert Subscription.objects.get().price == 125
    assert wrong_prices() == []


def test_a_saved_instance_shows_the_price_that_the_database_gave_it():
    row = SubscriptionFactory()
    row.plan = PlanFactory(discount_percent=50)
    row.save()
    assert row.price == 125
    assert row.price_status == "current"


def test_saving_an_instance_loaded_before_a_recalculation_keeps_the_new_price():
    stale = Subscription.objects.get(pk=SubscriptionFactory().pk)
    Service.objects.update(full_price=100)
    recalculate()
    stale.comment = "typed later"
    stale.save()
    assert Subscription.objects.get().price == 100
    assert Subscription.objects.get().comment == "typed later"


@pytest.mark.parametrize(
    "wrong",
    [{"price": 1}, {"price": 1, "service_revision": 0}, {"plan_revision": 0}],
    ids=["a price", "an old price", "an old revision"],
)
def test_a_price_that_no_recalculation_computed_does_not_stay(wrong):
    SubscriptionFactory()
    Subscription.objects.update(**wrong)
    assert Subscription.objects.get().price == 250
    assert wrong_prices() == []


@pytest.mark.parametrize("way", ["save", "update", "bulk_update", "raw"])
@pytest.mark.parametrize(
    ("factory", "field"), [(ServiceFactory, "full_price"), (PlanFactory, "discount_percent")]
)
def test_every_way_of_changing_a_price_leaves_a_new_revision(factory, field, way):
    row = factory()
    setattr(row, field, 40)
    if way == "save":
        row.save()
    elif way == "update":
        type(row).objects.update(**{field: 40})
    elif way == "bulk_update":
        type(row).objects.bulk_update([row], [field])
    else:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {row._meta.db_table} SET {field} = 40")
    assert revision_of(row) == 2


def test_a_to_b_to_a_on_one_instance_is_two_revisions():
    service = ServiceFactory(full_price=1)
    for price in (2, 1):
        service.full_price = price
        service.save()
    assert revision_of(service) == 3


def test_a_change_of_the_name_is_no_revision():
    service = ServiceFactory()
    service.name = "Other"
    service.save()
    assert revision_of(service) == 1


def test_a_revision_never_goes_back():
    service = ServiceFactory()
    stale = Service.objects.get()
    service.full_price = 1
    service.save()
    stale.name = "Saved by an open form"
    stale.save()
    assert revision_of(service) == 3


def test_a_revision_can_be_requested():
    service = ServiceFactory()
    Service.objects.update(revision=F("revision") + 1)
    assert revision_of(service) == 2


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Plan, {"discount_percent": 101}),
        (Plan, {"discount_percent": -1}),
        (Plan, {"plan_type": "gift"}),
        (Service, {"full_price": -1}),
        (Service, {"name": ""}),
        (Client, {"user": None}),
        (Client, {"company_name": ""}),
        (Subscription, {"service": None}),
        (Recalculation, {"service": None}),
    ],
)
def test_the_database_refuses_what_makes_no_sense(model, values):
    SubscriptionFactory()
    Recalculation.objects.create(service=Service.objects.get())
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        model.objects.update(**values)


@pytest.mark.parametrize("model", [Plan, Service, Client])
def test_what_a_subscription_needs_cannot_be_deleted(model):
    SubscriptionFactory()
    with pytest.raises(ProtectedError):
        model.objects.get().delete()
    delete = f"SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM {model._meta.db_table}"
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute(delete)


def test_the_user_of_a_client_cannot_be_deleted():
    with pytest.raises(ProtectedError):
        ClientFactory().user.delete()
