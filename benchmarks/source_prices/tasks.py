"""Its task: one price."""

from __future__ import annotations

from celery import shared_task
from celery_singleton import Singleton
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from benchmarks.source_prices.models import SourceSubscription
from tests.services.formula import price_of


@shared_task(base=Singleton)
def set_price(subscription_id: int) -> None:
    with transaction.atomic():
        rows = SourceSubscription.objects.select_for_update().select_related("service")
        row = rows.get(pk=subscription_id)
        row.price = price_of(row.service.full_price, row.discount_percent)
        row.save()
    cache.delete(settings.PRICE_CACHE_NAME)
