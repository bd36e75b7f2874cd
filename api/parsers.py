"""The one format that the API reads: a JSON object in UTF-8, of bounded size."""

from __future__ import annotations

import json
import math
import re
from typing import IO, TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import parsers
from rest_framework.exceptions import ParseError

if TYPE_CHECKING:
    from collections.abc import Mapping

SURROGATE = re.compile("[\ud800-\udfff]")


class JSONParser(parsers.JSONParser):
    """RFC 8259, strictly.

    DRF's follows the ``charset`` that the client names, reads bodies of any size, fails on deep
    nesting, and takes numbers and text that nothing behind it can hold.
    """

    renderer_class = None  # type: ignore[assignment]  # DRF's pages fill no form by it (web/browsable.py)

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the object.

        Raises:
            ParseError: the body is not a JSON object (400).
            RequestDataTooBig: it is longer than DATA_UPLOAD_MAX_MEMORY_SIZE bytes (413).
        """
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body: bytes = stream.read(limit + 1)
        if len(body) > limit:
            raise RequestDataTooBig
        value = _decode(body)
        if not isinstance(value, dict):
            raise ParseError('The body must be a JSON object, such as {"name": "value"}.')
        return value


def _decode(body: bytes) -> object:
    try:
        text = body.decode()
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        # Only an escape brings a surrogate: UTF-8 has none.
        return _without_surrogates(value) if "\\ud" in text.lower() else value
    except RecursionError:
        raise ParseError("The JSON is nested too deeply.") from None
    except ValueError as error:  # of JSON, of UTF-8, of numbers with thousands of digits
        raise ParseError(f"The body is not JSON: {error}") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _without_surrogates(value: object) -> object:
    if SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise ValueError("a text has half of a surrogate pair, which is not a character")
    return value
