"""Rows of services. Every factory gives a valid row; a test names only what it is about."""

from __future__ import annotations

from decimal import Decimal

import factory

from services.models import Plan, Service, Subscription
from tests.clients.factories import ClientFactory


class ServiceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Service

    name = factory.Sequence("Service {}".format)
    full_price = Decimal(250)


class PlanFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Plan

    plan_type = Plan.PlanType.FULL
    discount_percent = 0


class SubscriptionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Subscription

    client = factory.SubFactory(ClientFactory)
    service = factory.SubFactory(ServiceFactory)
    plan = factory.SubFactory(PlanFactory)


def make_subscriptions(count: int, **common: object) -> list[Subscription]:
    """Many at once, alike but for their ids."""
    one = SubscriptionFactory.build(
        client=common.pop("client", None) or ClientFactory(),
        service=common.pop("service", None) or ServiceFactory(),
        plan=common.pop("plan", None) or PlanFactory(),
        **common,
    )
    fields = {f: getattr(one, f) for f in ("client", "service", "plan", "comment", "region", "channel")}
    return Subscription.objects.bulk_create(Subscription(**fields) for _ in range(count))
