"""The one format that the API reads: a JSON object in UTF-8, of bounded size."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

if TYPE_CHECKING:
    from collections.abc import Mapping


class JSONParser(BaseParser):
    """RFC 8259, strictly. DRF's own follows the ``charset`` that the client names, zip among them,
    reads bodies of any size, and fails on deep nesting.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """The object.

        Raises:
            ParseError: what is sent is not a JSON object, told with the place (400).
            RequestDataTooBig: it is longer than DATA_UPLOAD_MAX_MEMORY_SIZE bytes (413).
        """
        value = _decode(_read(stream))
        if not isinstance(value, dict):
            raise ParseError('The body must be a JSON object, such as {"name": "value"}.')
        return value


def _read(stream: IO[Any]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise RequestDataTooBig
    return body


def _decode(body: bytes) -> object:
    try:
        return json.loads(body.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise ParseError("The JSON is nested too deeply.") from None
    except ValueError as error:  # of JSON, of UTF-8, of numbers with thousands of digits
        raise ParseError(f"The body is not JSON: {error}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
