"""The formula, in Python and in PostgreSQL."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from services import pricing
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory
from tests.services.formula import price_of

pytestmark = pytest.mark.django_db

amounts = st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2)
percents = st.integers(0, 100)


def sql_price(full_price: Decimal, discount_percent: int) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute("SELECT services_price(%s, %s)", [full_price, discount_percent])
        return cursor.fetchone()[0]


@given(amounts, percents)
@settings(deadline=None, max_examples=300)
def test_sql_and_python_agree(full_price, discount_percent):
    assert sql_price(full_price, discount_percent) == price_of(full_price, discount_percent)


@given(amounts, percents)
@settings(deadline=None)
def test_a_price_is_in_cents_and_between_nothing_and_the_full_price(full_price, discount_percent):
    price = price_of(full_price, discount_percent)
    assert 0 <= price <= full_price
    assert price.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("full_price", "discount_percent", "price"),
    [
        ("250", 5, "237.5"),  # the source's own example
        ("250", 20, "200"),
        ("0.01", 50, "0.01"),  # half a cent goes up
        ("0.03", 50, "0.02"),
        ("0.10", 95, "0.01"),
        ("99.99", 100, "0"),
        ("0", 7, "0"),
    ],
)
def test_half_a_cent_goes_up(full_price, discount_percent, price):
    assert price_of(Decimal(full_price), discount_percent) == Decimal(price)
    assert sql_price(Decimal(full_price), discount_percent) == Decimal(price)


def test_reprice_leaves_the_other_columns_alone():
    row = SubscriptionFactory(service=ServiceFactory(full_price=100), plan=PlanFactory(discount_percent=10))
    type(row).objects.filter(pk=row.pk).update(comment="kept", region="north")
    assert pricing.reprice(row.pk)
    row.refresh_from_db()
    assert (row.price, row.comment, row.region) == (90, "kept", "north")


def test_reprice_of_a_deleted_subscription_changes_nothing():
    row = SubscriptionFactory()
    pk = row.pk
    row.delete()
    assert not pricing.reprice(pk)
