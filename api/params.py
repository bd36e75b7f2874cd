"""Query parameters: declared once, checked alike, refused with what they accept.

PARAMETERS = {"limit": Integer(1, 100, default=5), "order": Choice(ORDERS, default="-id")}

values = parse(request.query_params, PARAMETERS)   # {"limit": 5, "order": "-id"}
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal as Number
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter

from api.problems.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
FRACTION = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
SHOWN_CHARACTERS = 50
BIGGEST_ID = 2**63 - 1  # that a row can have


class Parameter(Protocol):
    """A parameter: its value when it is not given, what it accepts in words, and how it is read."""

    @property
    def default(self) -> Any: ...
    @property
    def accepts(self) -> str: ...
    @property
    def schema(self) -> dict[str, Any]: ...
    def read(self, text: str) -> Any:
        """The value; ValueError for a text that is not accepted."""


@dataclass(frozen=True)
class Integer:
    """A whole number from ``minimum`` to ``maximum``."""

    minimum: int
    maximum: int
    default: int | None = None

    @property
    def accepts(self) -> str:
        return f"a whole number from {self.minimum} to {self.maximum}"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def read(self, text: str) -> int:
        if not WHOLE.fullmatch(text) or not self.minimum <= int(text) <= self.maximum:
            raise ValueError(text)
        return int(text)


ID = Integer(1, BIGGEST_ID)


@dataclass(frozen=True)
class Decimal:
    """A decimal number from ``minimum`` to ``maximum``."""

    minimum: Number | int
    maximum: Number | int
    default: Number | None = None

    @property
    def accepts(self) -> str:
        return f"a number from {self.minimum} to {self.maximum}"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": float(self.minimum), "maximum": float(self.maximum)}

    def read(self, text: str) -> Number:
        if not FRACTION.fullmatch(text) or not self.minimum <= Number(text) <= self.maximum:
            raise ValueError(text)
        return Number(text)


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    choices: tuple[str, ...]
    default: str | None = None

    @property
    def accepts(self) -> str:
        return f"one of {', '.join(self.choices)}"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.choices)}

    def read(self, text: str) -> str:
        if text not in self.choices:
            raise ValueError(text)
        return text


@dataclass(frozen=True)
class Text:
    """A text of at most ``maximum`` characters; spaces around it do not count, and an empty one is none."""

    maximum: int = 200
    default: str | None = None

    @property
    def accepts(self) -> str:
        return f"a text of at most {self.maximum} characters, without NUL"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.maximum}

    def read(self, text: str) -> str | None:
        text = text.strip()
        if len(text) > self.maximum or "\0" in text:
            raise ValueError(text)
        return text or self.default


@dataclass(frozen=True)
class Moment:
    """A date and time with its offset, as in RFC 3339."""

    default: datetime | None = None
    accepts: ClassVar[str] = "a date and time such as 2030-01-31T09:00:00Z"
    schema: ClassVar[dict[str, Any]] = {"type": "string", "format": "date-time"}

    def read(self, text: str) -> datetime:
        # A "+" that nobody encoded arrives as a space.
        moment = parse_datetime(text.replace(" ", "+"))
        if moment is None or moment.tzinfo is None:
            raise ValueError(text)
        return moment


def parse(given: Mapping[str, str], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The values of the declared parameters; others are left alone.

    Raises:
        Problem: 400, for all that are not accepted at once, each with what it accepts.
    """
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, parameter in parameters.items():
        text = given.get(name)
        try:
            values[name] = parameter.default if text is None else parameter.read(text)
        except ValueError:
            errors[name] = [f"must be {parameter.accepts}; this is not: {_shown(text)}"]
    if errors:
        raise Problem(" ".join(f"{name} {why[0]}." for name, why in errors.items()), errors=errors)
    return values


def openapi(parameters: Mapping[str, Parameter]) -> list[OpenApiParameter]:
    """The same declaration for ``@extend_schema(parameters=…)``."""
    return [
        OpenApiParameter(name, {**p.schema, **({} if p.default is None else {"default": p.default})})
        for name, p in parameters.items()
    ]


def _shown(text: str | None) -> str:
    return repr(text if text is None or len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…")


PARAMETERS = {"page": Integer(1, 2**31 - 1, default=1), "page_size": Integer(1, 100, default=20)}
