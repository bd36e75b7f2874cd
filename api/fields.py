"""Serializer fields that are stricter than DRF's: an id is a whole number, a time names its offset."""

from __future__ import annotations

import re
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.accepted import MOMENT, MUST_BE
from core.names import normalize_name

MAX_ID = 2**63 - 1  # of PostgreSQL's bigint
AN_ID = f"an id: a whole number from 1 to {MAX_ID}"
FRACTION = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
WHOLE = re.compile(r"[+-]?[0-9]{1,19}")


class IntegerField(serializers.IntegerField):
    """A whole number: in JSON ``5``, in a query string ``5``; not ``5.0``, ``"٥"`` or ``5_0``."""

    default_error_messages = {"invalid": "Must be a whole number."}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, (bool, float)) or not WHOLE.fullmatch(str(data)):
            self.fail("invalid")
        value: int = super().to_internal_value(data)
        return value


class IdField(IntegerField):
    """The id of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MAX_ID})
class PrimaryKeyRelatedField(serializers.PrimaryKeyRelatedField[Any]):
    """A row by its id. DRF's takes 1.5 for 1, and fails on infinity."""

    default_error_messages = {
        "not_an_id": f"{MUST_BE}{AN_ID}.",
        "null": f"{MUST_BE}{AN_ID}, not null.",
        "does_not_exist": "Must be the id of one that exists; there is none with the id {pk_value}.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, (int, str)) or isinstance(data, bool) or not WHOLE.fullmatch(str(data)):
            self.fail("not_an_id")
        if not 1 <= int(data) <= MAX_ID:
            self.fail("not_an_id")
        return super().to_internal_value(int(data))


@extend_schema_field(OpenApiTypes.BOOL)
class FlagField(serializers.ChoiceField):
    """A query parameter that is ``true`` or ``false``; DRF's takes ``1``, ``yes`` and ``on``, too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(["true", "false"], **kwargs)

    def to_internal_value(self, data: Any) -> bool:  # type: ignore[override]  # "str" in the stubs
        return super().to_internal_value(data) == "true"


class NameField(serializers.CharField):
    """A name, normalized before it is validated (core/names.py)."""

    def to_internal_value(self, data: Any) -> str:
        return normalize_name(super().to_internal_value(data))


class DecimalField(serializers.DecimalField):
    """A decimal number in ASCII digits, not ``1_0`` or ``"٥"``; the API gives it as a JSON number."""

    def to_internal_value(self, data: Any) -> Any:
        if not FRACTION.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)

    def to_representation(self, value: Any) -> float:  # type: ignore[override]  # "str" in the stubs
        return float(value)


class DateTimeField(serializers.DateTimeField):
    """A date and time with its offset, as in RFC 3339: without one the moment would be a guess.

    A ``+`` that was not percent-encoded in a query string arrives as a space, and is read as a plus sign.
    """

    default_error_messages = {
        "invalid": f"{MUST_BE}{MOMENT}.",
        "overflow": "Must be in the years 1 to 9999, in UTC.",
    }

    def to_internal_value(self, value: Any) -> Any:
        try:
            moment = parse_datetime(str(value).replace(" ", "+"))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail("invalid")
        return super().to_internal_value(moment)
