"""The history of prices and discounts, and their scheduled changes, as the API takes and gives them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from api.fields import DateTimeField, DecimalField, IntegerField
from api.pagination import PageQuery
from api.serializers import ModelSerializer, Serializer
from services.models import PriceChange

MAX_MOMENT = datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)
MOMENT = "Must be in the future, and at most 2200-12-31T23:59:59Z."
CHANGE_FIELDS = ["id", "effective_from", "effective_to", "changed_by", "via", "recorded_at"]
REASONS = ["added", "moved", "service", "plan"]
VIA = (
    "The request that made the change, or the name of a task; `SQL` for a change that was made in the "
    "database itself."
)
SQL = "SQL"  # The database adds the role, which is for the admin.


def public_via(via: str) -> str:
    """Return what made a change, without the name of a database role."""
    return SQL if via.startswith(SQL) else via


class MomentField(DateTimeField):
    """A moment in the future."""

    default_error_messages = {"overflow": MOMENT}

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        if not timezone.now() < moment <= MAX_MOMENT:
            raise serializers.ValidationError(MOMENT)
        return moment


class ChangeSerializer(ModelSerializer[PriceChange]):
    """A change of a price or discount. A subclass names the value."""

    effective_from = MomentField(
        help_text="From when on it holds, inclusive. A date and time in the future, with its offset."
    )
    effective_to = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        default=None,
        help_text="Until when, exclusive; null for no known end.",
    )
    changed_by = serializers.CharField(
        source="user.username", default=None, read_only=True, allow_null=True,
        help_text="The username of who made the change; null if no user did.",
    )  # fmt: skip
    via = serializers.SerializerMethodField(help_text=VIA)

    class Meta:
        model = PriceChange
        fields = CHANGE_FIELDS
        extra_kwargs = {
            "id": {"help_text": "The change's id."},
            "recorded_at": {"help_text": "When the change was made, or scheduled."},
        }

    def get_via(self, change: PriceChange) -> str:
        return public_via(change.via)


class ServicePriceSerializer(ChangeSerializer):
    """The price of a service from a moment on."""

    full_price = DecimalField(
        source="value",
        max_digits=12,
        decimal_places=2,
        min_value=Decimal(0),
        help_text="The price without a discount, with at most two decimal places.",
    )

    class Meta(ChangeSerializer.Meta):
        fields = ["full_price", *CHANGE_FIELDS]


class PlanDiscountSerializer(ChangeSerializer):
    """The discount of a plan from a moment on."""

    discount_percent = IntegerField(
        source="value", min_value=0, max_value=100, help_text="The discount on the full price, in per cent."
    )

    class Meta(ChangeSerializer.Meta):
        fields = ["discount_percent", *CHANGE_FIELDS]


class PricePeriodSerializer(Serializer):
    """What a subscription costs in a period."""

    price = serializers.FloatField(help_text="What the subscription costs in this period.")
    effective_from = serializers.DateTimeField(help_text="When the period begins, this moment included.")
    effective_to = serializers.DateTimeField(
        allow_null=True, help_text="When it ends, exclusive; null for no known end."
    )
    reason = serializers.ChoiceField(
        REASONS,
        help_text="What began it: the subscription was added, or moved to another service or plan; the "
        "price of the service or the discount of the plan changed.",
    )
    service_id = serializers.IntegerField(help_text="The id of the service in this period.")
    full_price = serializers.FloatField(help_text="The price of that service in this period.")
    plan_id = serializers.IntegerField(help_text="The id of the plan in this period.")
    discount_percent = serializers.IntegerField(help_text="The discount of that plan in this period.")
    changed_by = serializers.CharField(
        allow_null=True, help_text="The username of who began the period; null if no user did."
    )
    via = serializers.SerializerMethodField(help_text=VIA)

    def get_via(self, period: Any) -> str:
        return public_via(period.via)


class PricePeriodQuery(PageQuery):
    """The parameters of the list of a subscription's prices."""

    as_of = DateTimeField(
        default=None,
        help_text="Only the period that contains this moment, in the past or in the future: a date and time "
        "with its offset.",
    )
