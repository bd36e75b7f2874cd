"""Its tables, with the money as decimals so that both designs compute the same."""

from __future__ import annotations

from typing import Any

from django.db import models


class SourceService(models.Model):
    full_price = models.DecimalField(max_digits=12, decimal_places=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.__full_price = self.full_price

    def __str__(self) -> str:
        return str(self.full_price)

    def save(self, *args: Any, **kwargs: Any) -> None:
        from benchmarks.source_prices.tasks import set_price

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
