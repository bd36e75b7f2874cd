"""The companies that subscribe, each with the user who signs in for it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from core.names import NameField


class Client(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="client")
    company_name = NameField(max_length=100)
    full_address = models.CharField(max_length=100)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(company_name=""), name="client_company_name_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return str(self.company_name)
