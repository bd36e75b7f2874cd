"""Conditional requests (RFC 9110, section 13): 304 for what the client has, 412 for what it missed."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.http import parse_etags

from api.problems.exceptions import PreconditionFailed
from caching import CacheResult
from caching.read.result import encode

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

# A client may keep the answer, but asks each time whether it is still right: what the server's cache
# promises, a browser's must not break.
REVALIDATE = "no-cache"
ETAG_BYTES = 16


def cached_response(request: HttpRequest | Request, result: CacheResult) -> HttpResponse:
    """What the cache holds, byte for byte, and how it was come by; 304 if the client has it."""
    response = body_response(request, result.body)
    headers = response.headers
    headers["X-Cache"] = result.x_cache
    headers["Cache-Status"] = result.cache_status
    return response


def json_response(request: HttpRequest | Request, data: object) -> HttpResponse:
    """Plain data as JSON with an ETag; 304 if the client has it."""
    return body_response(request, encode(data))


def body_response(request: HttpRequest | Request, body: bytes) -> HttpResponse:
    """A JSON text with an ETag; 304 if the client has it."""
    etag = etag_of(body)
    known = request.META.get("HTTP_IF_NONE_MATCH")
    if known is not None and _matches_weakly(etag, known):
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    else:
        response = HttpResponse(body, content_type="application/json")
    headers = response.headers
    headers["ETag"] = etag
    headers["Cache-Control"] = REVALIDATE
    headers["Vary"] = "Authorization, Cookie"
    return response


def etag_of(body: bytes) -> str:
    """The strong entity tag of a representation, quotes included."""
    return f'"{blake2b(body, digest_size=ETAG_BYTES).hexdigest()}"'


def json_etag(data: object) -> str:
    """The entity tag that ``json_response`` gives to plain data."""
    return etag_of(encode(data))


def require_match(request: HttpRequest | Request, etag: str) -> None:
    """Refuse a change of something that is no longer what the client saw.

    ``etag`` is the present one. Call it under the row's lock, or two clients that saw the same may
    both pass.

    Raises:
        PreconditionFailed: the request has an ``If-Match`` and this is not in it (412).
    """
    expected = request.META.get("HTTP_IF_MATCH")
    if expected is None or expected.strip() == "*":
        return
    if etag not in parse_etags(expected):  # compared strongly: a weak tag never matches
        raise PreconditionFailed(f"This has changed since you read it: its ETag is now {etag}.")


def _matches_weakly(etag: str, header: str) -> bool:
    if header.strip() == "*":
        return True
    return etag in {tag.removeprefix("W/") for tag in parse_etags(header)}


def first_miss(*parts: CacheResult) -> CacheResult:
    """The part that says how the whole was come by: a hit only where all parts were."""
    return next((part for part in parts if part.x_cache != "HIT"), parts[0])


def made_of(value: object, *parts: CacheResult) -> CacheResult:
    """``value``, put together from the parts and what no cache holds, as a reading."""
    part = first_miss(*parts)
    return CacheResult(encode(value), part.x_cache, part.detail)
