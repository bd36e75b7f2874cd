"""Models on which one declaration depends, three declarations, or some through a relation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


def _base() -> Any:
    """Return the base class of cached models in the first generation; later ones need none."""
    if settings.CACHED:
        from caching import models as of_the_cache

        return getattr(of_the_cache, "TrackedModel", models.Model)
    return models.Model


Base = _base()


class One(Base):  # type: ignore[misc, valid-type]
    number = models.IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.pk)


class Three(Base):  # type: ignore[misc, valid-type]
    number = models.IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.pk)


class Parent(Base):  # type: ignore[misc, valid-type]
    number = models.IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.pk)


class Child(Base):  # type: ignore[misc, valid-type]
    parent = models.ForeignKey(Parent, models.CASCADE, related_name="children")

    def __str__(self) -> str:
        return str(self.pk)
