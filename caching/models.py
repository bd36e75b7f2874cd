"""The cache's one table."""

from django.db import models


class Outbox(models.Model):
    """A target that could not be fenced when its change was committed (recovery/outbox.py)."""

    node = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "outbox"

    def __str__(self) -> str:
        return str(self.node[0])
