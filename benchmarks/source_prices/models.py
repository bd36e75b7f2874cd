"""Its tables and its task, in one module because each uses the other.

Money is stored as decimals, so that both designs compute the same.
"""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery_singleton import Singleton
from django.conf import settings
from django.core.cache import cache
from django.db import models, transaction

from tests.services.formula import price_of


class SourceService(models.Model):
    full_price = models.DecimalField(max_digits=12, decimal_places=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.__full_price = self.full_price

    def __str__(self) -> str:
        return str(self.full_price)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.full_price != self.__full_price:
            for subscription in self.subscriptions.all():
                set_price.delay(subscription.pk)
        super().save(*args, **kwargs)


class SourceSubscription(models.Model):
    service = models.ForeignKey(SourceService, on_delete=models.PROTECT, related_name="subscriptions")
    discount_percent = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=12, decimal_places=2)

    def __str__(self) -> str:
        return str(self.price)


@shared_task(base=Singleton)
def set_price(subscription_id: int) -> None:
    with transaction.atomic():
        rows = SourceSubscription.objects.select_for_update().select_related("service")
        row = rows.get(pk=subscription_id)
        row.price = price_of(row.service.full_price, row.discount_percent)
        row.save()
    cache.delete(settings.PRICE_CACHE_NAME)
