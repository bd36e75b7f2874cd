"""Turns errors into responses: RFC 9457 ``application/problem+json``."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from api.problems.exceptions import CONTENT_TYPE
from api.problems.mapping import translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rest_framework.exceptions import APIException

MAX_MESSAGE_CHARACTERS = 300  # DRF repeats the input in some messages, and an input may be long


def problem_response(
    status: int,
    detail: str,
    *,
    errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Return a problem as a response. ``members`` are its type and what that adds to it."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        **({"errors": errors} if errors else {}),
        **(members or {}),
    }
    # "replace": what a message repeats of the input may hold half of a surrogate pair.
    text = json.dumps(body, ensure_ascii=False).encode(errors="replace")
    return HttpResponse(text, status=status, content_type=CONTENT_TYPE, headers=headers)


def exception_handler(exception: Exception, context: Mapping[str, Any]) -> HttpResponse | None:  # noqa: ARG001
    """Return the problem (DRF's EXCEPTION_HANDLER), or None for a bug: Django logs it and answers 500."""
    problem = translate(exception)
    if problem is None:
        return None
    set_rollback()
    return problem_of(problem)


def problem_of(exception: APIException) -> HttpResponse:
    """Return the response for one of DRF's exceptions or of ours."""
    given = vars(exception)
    headers = dict(given.get("headers", {}))
    if given.get("auth_header"):  # DRF adds it
        headers["WWW-Authenticate"] = given["auth_header"]
    if given.get("wait") is not None:
        headers["Retry-After"] = str(max(1, given["wait"]))
    is_invalid = isinstance(exception, ValidationError)
    errors = by_field(exception.detail) if is_invalid else given.get("errors")
    return problem_response(
        exception.status_code,
        _summary(errors) if errors and is_invalid else _short(exception.detail),
        errors=errors,
        headers=headers,
        members=given.get("members"),
    )


def by_field(detail: object) -> dict[str, list[str]]:
    """Return DRF's nested errors as one level: ``{"modules.1.title": ["This field is required."]}``."""
    found: dict[str, list[str]] = {}
    for path, message in _messages(detail):
        field = ".".join(path) or api_settings.NON_FIELD_ERRORS_KEY
        found.setdefault(field, []).append(message)
    return found


def _messages(detail: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(detail, dict):
        for name, value in detail.items():
            yield from _messages(value, (*path, str(name)))
    elif isinstance(detail, list):
        for position, value in enumerate(detail):
            nested = isinstance(value, dict | list)  # one row's errors among many rows'
            yield from _messages(value, (*path, str(position)) if nested else path)
    else:
        yield path, _short(detail)


def _summary(errors: Mapping[str, list[str]]) -> str:
    own = api_settings.NON_FIELD_ERRORS_KEY
    texts = {field: " ".join(messages) for field, messages in errors.items()}
    return " ".join(text if field == own else f"{field}: {text}" for field, text in texts.items())


def _short(message: object) -> str:
    text = str(message)
    return text if len(text) <= MAX_MESSAGE_CHARACTERS else text[: MAX_MESSAGE_CHARACTERS - 1] + "…"
