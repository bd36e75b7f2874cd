"""What clients may keep: ETag, 304, If-Match and 412 (RFC 9110, section 13), Cache-Control and Vary."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags

from api.negotiation import is_page
from api.problems.exceptions import PreconditionFailed
from caching import CacheResult
from caching.read.result import encode
from core.conf import API_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest
    from rest_framework.request import Request

# A client may keep the answer, but asks each time whether it is still right. Else a browser's cache would
# serve what the server's cache no longer serves.
REVALIDATE = "no-cache"
ETAG_BYTES = 16
# By what a request may say whose it is.
VARY = ("Authorization", "Cookie", "X-Telegram-User-Id")
COOKIE = "HTTP_COOKIE"  # it is a credential where it holds the session
CREDENTIALS = tuple({f"HTTP_{name.upper().replace('-', '_')}" for name in VARY} - {COOKIE})


class CacheHeadersMiddleware:
    """State, on every answer of the API, what caches on the way may do with it.

    An answer that says nothing else is not stored. One that is revalidated is not stored by shared
    caches where the request has credentials.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(API_PREFIX):
            patch_vary_headers(response, VARY)
            if "Cache-Control" not in response.headers:
                patch_cache_control(response, private=True, no_store=True)
            elif has_credentials(request.META):
                patch_cache_control(response, private=True)
        return response


def has_credentials(meta: Mapping[str, Any]) -> bool:
    """Return whether a request with these WSGI variables may be recognised as a user's."""
    return any(name in meta for name in CREDENTIALS) or settings.SESSION_COOKIE_NAME in meta.get(COOKIE, "")


def cached_response(request: HttpRequest | Request, result: CacheResult) -> HttpResponse:
    """Return what the cache holds, byte for byte, and where it came from; 304 if the client has it."""
    response = body_response(request, result.body)
    headers = response.headers
    headers["X-Cache"] = result.x_cache
    headers["Cache-Status"] = result.cache_status
    return response


def json_response(request: HttpRequest | Request, data: object) -> HttpResponse:
    """Return plain data as JSON with an ETag; 304 if the client has it."""
    return body_response(request, encode(data))


def body_response(request: HttpRequest | Request, body: bytes) -> HttpResponse:
    """Return a JSON text with an ETag; to a GET 304 if the client has it."""
    etag = etag_of(body)
    known = request.META.get("HTTP_IF_NONE_MATCH") if request.method in {"GET", "HEAD"} else None
    if known is not None and not is_page(request) and matches_weakly(etag, known):
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    else:
        response = HttpResponse(body, content_type="application/json")
    headers = response.headers
    headers["ETag"] = etag
    headers["Cache-Control"] = REVALIDATE
    headers["Vary"] = ", ".join(VARY)
    return response


def etag_of(body: bytes) -> str:
    """Return the strong entity tag of a representation, quotes included."""
    return f'"{blake2b(body, digest_size=ETAG_BYTES).hexdigest()}"'


def json_etag(data: object) -> str:
    """Return the entity tag that ``json_response`` gives to plain data."""
    return etag_of(encode(data))


def require_match(request: HttpRequest | Request, etag: str) -> None:
    """Refuse a change of a row that has changed since the client read it.

    ``etag`` is the present one. Call this under the row's lock; else two clients that read the same state
    may both pass.

    Raises:
        PreconditionFailed: the request has an ``If-Match`` and this is not in it (412).
    """
    expected = request.META.get("HTTP_IF_MATCH")
    if expected is None or expected.strip() == "*":
        return
    if etag not in parse_etags(expected):  # compared strongly: a weak tag never matches
        raise PreconditionFailed(f"This has changed since you read it: its ETag is now {etag}.")


def matches_weakly(etag: str, header: str) -> bool:
    """Return whether an If-None-Match names the tag, or any."""
    if header.strip() == "*":
        return True
    return etag in {tag.removeprefix("W/") for tag in parse_etags(header)}


def first_miss(*parts: CacheResult) -> CacheResult:
    """Return the first part that is no hit: the whole is a hit only where all parts are."""
    return next((part for part in parts if part.x_cache != "HIT"), parts[0])


def made_of(value: object, *parts: CacheResult) -> CacheResult:
    """Return ``value``, made from the parts and from what no cache holds, as a CacheResult."""
    part = first_miss(*parts)
    return CacheResult(encode(value), part.x_cache, part.detail)
