"""The query parameters of the lists."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from api.fields import DecimalField, IdField
from api.pagination import PageQuery
from services.models import Plan
from services.selectors import DEFAULT_ORDER, ORDERS

MAX_WORD_CHARACTERS = 50
MAX_SEARCH_CHARACTERS = 100
MAX_PRICE = Decimal("9999999999.99")


def _text(help_text: str, max_length: int = MAX_WORD_CHARACTERS) -> serializers.CharField:
    return serializers.CharField(max_length=max_length, allow_blank=True, default=None, help_text=help_text)


def _price(help_text: str) -> DecimalField:
    return DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=MAX_PRICE,
        default=None,
        help_text=help_text,
    )


class ServiceQuery(PageQuery):
    """The parameters of the list of services."""

    search = _text("Words that the service's name contains, each of them.", MAX_SEARCH_CHARACTERS)


class SubscriptionQuery(PageQuery):
    """The parameters of the list of subscriptions."""

    client = IdField(default=None, help_text="Only those of the client with this id.")
    service = IdField(default=None, help_text="Only those of the service with this id.")
    plan = IdField(default=None, help_text="Only those on the plan with this id.")
    plan_type = serializers.ChoiceField(
        Plan.PlanType.values, default=None, help_text="Only those on plans of this type."
    )
    comment = _text("Only those with exactly this comment.")
    region = _text("Only those of this region.")
    channel = _text("Only those of this channel.")
    price_min = _price("Only those that cost at least this.")
    price_max = _price("Only those that cost at most this.")
    price_status = serializers.ChoiceField(
        ["current", "pending"],
        default=None,
        help_text="`pending`: only those whose price has not yet followed its service or plan.",
    )
    search = _text(
        "Only those whose company name or e-mail address contains each of these words, or whose comment "
        "begins with this text.",
        MAX_SEARCH_CHARACTERS,
    )
    order = serializers.ChoiceField(
        [sign + name for name in ORDERS for sign in ("", "-")],
        default=DEFAULT_ORDER,
        help_text="What to sort by, descending with a `-`; client, service and plan by their ids.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters, and under ``filters`` those that select rows."""
        given = {name: attrs[name] for name in attrs if attrs[name] not in {None, ""}}
        return attrs | {"filters": {name: given[name] for name in given if name in FILTERS}}


FILTERS = frozenset(SubscriptionQuery().fields) - {*PageQuery().fields, "order"}
