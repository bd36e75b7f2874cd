"""Serializers that refuse what they do not take."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from rest_framework import serializers

from api.accepted import refusal, say_what_is_accepted
from api.fields import DateTimeField, DecimalField, IntegerField, NameField, PrimaryKeyRelatedField
from core import names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rest_framework.request import Request

Row = TypeVar("Row", bound=models.Model)
# A body of a few megabytes may have 300,000 fields, or one with a name as long.
MAX_NAMED = 20
MAX_NAME_CHARACTERS = 100


class StrictFields:
    """A mixin for serializers: an unknown field, or one that cannot be written, is an error.

    Its message names the fields that are accepted, and that of a value says what the field accepts. Text is
    a JSON string and a flag is true or false: DRF would take ``{"title": 5, "is_published": "yes"}``.

    Attributes:
        accepts_unchanged: take a read-only field with the value that the row has, so that a client may
            PUT back what GET gave. Only for serializers whose ``data`` is what GET gives.
        reads_json: the input is JSON, whose values have types.
    """

    default_error_messages: dict[str, Any] = {
        "invalid": 'Must be a JSON object, such as {{"name": "value"}}.'
    }
    accepts_unchanged = False
    reads_json = True

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values.

        Raises:
            ValidationError: a field is not accepted, or a value is not valid.
        """
        fields: Mapping[str, Any] = self.fields  # type: ignore[attr-defined]
        if isinstance(data, dict):
            accepted = [name for name, field in fields.items() if not field.read_only]
            refused = [
                str(name) for name in data if name not in accepted and not self._is_unchanged(name, data)
            ]
            if refused:
                raise serializers.ValidationError(
                    {_short(name): [_refusal(name in fields, accepted)] for name in refused[:MAX_NAMED]}
                )
            if self.reads_json:
                _check_types(fields, data)
        try:
            return super().to_internal_value(data)  # type: ignore[misc]
        except serializers.ValidationError as error:
            raise serializers.ValidationError(say_what_is_accepted(fields, error.detail)) from error

    def _is_unchanged(self, name: Any, data: Mapping[str, Any]) -> bool:
        serializer: Any = self
        if not self.accepts_unchanged or serializer.instance is None or name not in serializer.fields:
            return False
        row: Mapping[str, Any] = serializer.to_representation(serializer.instance)
        return bool(row[name] == data[name])


def _check_types(fields: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Raise ValidationError for a number that is given as text, and for a flag that is not a JSON boolean."""
    wrong = {
        name: [refusal(fields[name]) or fields[name].error_messages["invalid"]]
        for name, value in data.items()
        if (isinstance(fields[name], serializers.CharField) and isinstance(value, (int, float)))
        or (
            isinstance(fields[name], serializers.BooleanField)
            and value is not None
            and not isinstance(value, bool)
        )
    }
    if wrong:
        raise serializers.ValidationError(wrong)


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARACTERS else f"{name[:MAX_NAME_CHARACTERS]}…"


def _refusal(is_read_only: bool, accepted: list[str]) -> str:
    what = "This field is read-only." if is_read_only else "There is no such field."
    return f"{what} Accepted: {', '.join(accepted) or 'none'}."


class Serializer(StrictFields, serializers.Serializer[Any]):
    """DRF's, with strict fields."""


class ModelSerializer(StrictFields, serializers.ModelSerializer[Row]):
    """DRF's, with strict fields, ids, whole numbers and times, and normalized names.

    Decimals are JSON numbers.
    """

    serializer_field_mapping = {
        **{
            model_field: IntegerField if issubclass(field, serializers.IntegerField) else field
            for model_field, field in serializers.ModelSerializer.serializer_field_mapping.items()
        },
        models.DateTimeField: DateTimeField,
        models.DecimalField: DecimalField,
        names.NameField: NameField,
    }
    serializer_related_field = PrimaryKeyRelatedField


def to_data(kind: Callable[[], serializers.BaseSerializer[Any]], row: Any) -> dict[str, Any]:
    """Return what a serializer of this class gives of a row, if it needs no context.

    DRF makes every field again for each serializer, which takes longer than to give the row. A serializer
    that only gives keeps nothing of a row, so one serves all threads.
    """
    data: dict[str, Any] = _giver(kind).to_representation(row)
    return data


@functools.cache
def _giver(kind: Callable[[], serializers.BaseSerializer[Any]]) -> serializers.BaseSerializer[Any]:
    return kind()


class EmptyBody(Serializer):
    """The body of an action that takes no field."""


def refuse_body(request: Request) -> None:
    """Raise ValidationError (400) for a body with fields, in an action that takes none."""
    EmptyBody(data=request.data).is_valid(raise_exception=True)
