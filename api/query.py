"""Query parameters: declared as a serializer, refused with what they accept.

::

    class TopQuery(QuerySerializer):
        limit = IntegerField(min_value=1, max_value=100, default=5)

    class CourseViewSet(ViewSet):
        query_serializers = {"top": TopQuery}      # by action; the others take no parameter
        def top(self, request): ... self.query["limit"]

An unknown parameter, or one that is given twice, is a 400 that names it (api/views.py asks).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from rest_framework import serializers

from api.negotiation import FORMAT
from api.problems.exceptions import Problem
from api.serializers import Serializer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

MAX_SHOWN_CHARACTERS = 50
MAX_REMEMBERED_CHARACTERS = 200


class QuerySerializer(Serializer):
    """The query parameters of an action. Fields have defaults; ``None`` for what was not given."""

    reads_json = False


class NoQuery(QuerySerializer):
    """The action takes no parameter."""


def parse_query(request: Request, serializer_class: type[QuerySerializer]) -> dict[str, Any]:
    """Return the values of a request's query parameters.

    Raises:
        Problem: 400, for all that are not accepted at once, each with what it accepts.
    """
    text = str(request.META.get("QUERY_STRING", ""))
    if is_plain(text):
        return dict(parse_text(text, serializer_class))
    return dict(_parse(request.query_params, serializer_class))


def is_plain(text: str) -> bool:
    """Return whether a query string is short, and the same in every server's decoding."""
    return len(text) <= MAX_REMEMBERED_CHARACTERS and text.isascii()


@lru_cache(maxsize=1024)
def parse_text(text: str, serializer_class: type[QuerySerializer]) -> Mapping[str, Any]:
    """Return the values in a plain query string.

    Raises:
        Problem: as ``parse_query``.
    """
    return _parse(QueryDict(text), serializer_class)


def _parse(given: QueryDict, serializer_class: type[QuerySerializer]) -> Mapping[str, Any]:
    values = {name: str(given[name]) for name in given if name != FORMAT}
    errors = {name: ["is given more than once."] for name in values if len(given.getlist(name)) > 1}
    fields = serializer_class().fields
    accepted = ", ".join(fields) or "none"
    errors |= {
        name: [f"is not a parameter here. Accepted: {accepted}."] for name in values if name not in fields
    }
    serializer = serializer_class(data={name: text for name, text in values.items() if name in fields})
    if not serializer.is_valid():
        invalid: Mapping[str, Any] = serializer.errors
        errors |= {name: [_reason(fields.get(name), values.get(name), invalid[name])] for name in invalid}
    if errors:
        raise Problem(" ".join(f"{name} {why[0]}" for name, why in errors.items()), errors=errors)
    valid: Mapping[str, Any] = serializer.validated_data
    return valid


def _reason(field: Any, given: str | None, messages: list[str]) -> str:
    accepts = describe(field)
    if not accepts or given is None:
        return " ".join(map(str, messages))
    return f"must be {accepts}; this is not: {_shown(given)}."


def describe(field: Any) -> str:
    """Return in words what a field accepts; empty for a field that only its own messages describe."""
    match field:
        case serializers.ChoiceField():
            return f"one of {', '.join(map(str, field.choices))}"
        case serializers.BooleanField():
            return "true or false"
        case serializers.IntegerField():
            return f"a whole number {_range(field)}".strip()
        case serializers.DecimalField() | serializers.FloatField():
            return f"a number {_range(field)}".strip()
        case serializers.DateTimeField():
            return "a date and time such as 2030-01-31T09:00:00Z"
        case serializers.CharField():
            return f"a text of at most {field.max_length} characters, without NUL"
    return ""


def _range(field: Any) -> str:
    lower, upper = field.min_value, field.max_value
    return f"from {lower} to {upper}" if lower is not None and upper is not None else ""


def _shown(text: str) -> str:
    return repr(text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "…")
