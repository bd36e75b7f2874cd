"""What the API takes, and the shapes of what it gives.

Subscriptions are given by services/selectors.py; the serializers named after what it makes describe
its shapes in the schema.
"""

from __future__ import annotations

from rest_framework import serializers

from api.pagination import PageSerializer
from services.models import Plan, Recalculation, Service, Subscription


class ServiceSerializer(serializers.ModelSerializer[Service]):
    class Meta:
        model = Service
        fields = ["id", "name", "full_price"]


class PlanSerializer(serializers.ModelSerializer[Plan]):
    class Meta:
        model = Plan
        fields = ["id", "plan_type", "discount_percent"]


class SubscriptionWriteSerializer(serializers.ModelSerializer[Subscription]):
    class Meta:
        model = Subscription
        fields = ["client", "service", "plan", "comment", "region", "channel"]


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    plan_id = serializers.IntegerField()
    client_name = serializers.CharField()
    email = serializers.EmailField()
    plan = PlanSerializer()
    service = ServiceSerializer()
    price = serializers.FloatField(min_value=0)
    price_status = serializers.ChoiceField(
        ["current", "pending"], help_text="pending: the service or the plan has changed, and it will follow."
    )

    class Meta:
        model = Subscription
        fields = [
            "id",
            "plan_id",
            "client_name",
            "email",
            "plan",
            "service",
            "price",
            "price_status",
            "priced_at",
            "comment",
            "region",
            "channel",
        ]


class SubscriptionPageSerializer(PageSerializer):
    result = SubscriptionSerializer(many=True)
    total_amount = serializers.FloatField(help_text="Sum of the prices on all pages.")


class RecalculationSerializer(serializers.ModelSerializer[Recalculation]):
    service = ServiceSerializer(allow_null=True)
    plan = PlanSerializer(allow_null=True)

    class Meta:
        model = Recalculation
        fields = ["id", "service", "plan", "done", "total", "started_at", "updated_at", "finished_at"]
