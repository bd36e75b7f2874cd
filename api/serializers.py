"""Serializers that refuse what they do not take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from rest_framework import serializers

from api.fields import DecimalField, PrimaryKeyRelatedField

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = TypeVar("Row", bound=models.Model)


class StrictFields:
    """A mixin for serializers: an unknown field, or one that cannot be written, is an error.

    Its message names the fields that are accepted.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values.

        Raises:
            ValidationError: a field is not accepted, or a value is not valid.
        """
        if isinstance(data, dict):
            fields: Mapping[str, Any] = self.fields  # type: ignore[attr-defined]
            accepted = [name for name, field in fields.items() if not field.read_only]
            refused = [str(name) for name in data if name not in accepted]
            if refused:
                raise serializers.ValidationError(
                    {name: [_refusal(name in fields, accepted)] for name in refused}
                )
        return super().to_internal_value(data)  # type: ignore[misc]


def _refusal(is_read_only: bool, accepted: list[str]) -> str:
    what = "This field is read-only." if is_read_only else "There is no such field."
    return f"{what} Accepted: {', '.join(accepted) or 'none'}."


class Serializer(StrictFields, serializers.Serializer[Any]):
    """DRF's, with strict fields."""


class ModelSerializer(StrictFields, serializers.ModelSerializer[Row]):
    """DRF's, with strict fields and strict ids; decimals are JSON numbers."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DecimalField: DecimalField,
    }
    serializer_related_field = PrimaryKeyRelatedField
