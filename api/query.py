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

from api.accepted import MUST_BE, describe
from api.negotiation import FORMAT
from api.problems.exceptions import Problem
from api.serializers import Serializer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.exceptions import ErrorDetail
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


def _reason(field: Any, given: str | None, errors: list[ErrorDetail]) -> str:
    text = " ".join(map(str, errors))
    if errors[0].code == "required":
        return f"is required. It must be {describe(field)}."
    if given is None or not text.startswith(MUST_BE):
        return text
    return f"must be {text.removeprefix(MUST_BE).removesuffix('.')}; this is not: {_shown(given)}."


def _shown(text: str) -> str:
    return repr(text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "…")
