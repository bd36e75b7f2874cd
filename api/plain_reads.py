"""The short way to the cache, for reads that need no other middleware."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.exception import convert_exception_to_response
from django.urls import Resolver404, get_urlconf, resolve
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.settings import api_settings

from api.views import CachedReadView
from core.conf import API_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.urls import ResolverMatch

ANY_FORMAT = {None, "*/*", "application/json"}
_resolve = lru_cache(maxsize=1024)(resolve)  # trying pattern after pattern takes as long as asking Redis
FORCED_USER = "_force_auth_user"  # of DRF's test clients
CREDENTIALS_IN = {SessionAuthentication: "HTTP_COOKIE", TokenAuthentication: "HTTP_AUTHORIZATION"}


class PlainReadMiddleware:
    """Hand a GET without credentials straight to its view, if that is a ``CachedReadView``.

    Sessions, users, CSRF and messages have nothing to do for it, and cost more than the cache does.
    What the middleware that it passes by does for every response is done here. It stands behind
    ProblemMiddleware, SecurityMiddleware and LanguageMiddleware, which see all requests; and it is
    not used where somebody may be recognised in a way that it does not know: an authentication class
    says where its credentials are by ``credentials_in``, a key of ``request.META``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        ways: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
        self.credentials = [_credentials_in(way) for way in ways]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = None if self._may_be_somebody(request) else _plain_match(request)
        if match is None:
            return self.get_response(request)
        request.resolver_match = match
        request.user = AnonymousUser()
        request.is_plain_read = True  # type: ignore[attr-defined]  # CachedReadView asks
        response = cast("HttpResponse", _call_view(request))
        headers = response.headers
        headers.setdefault("Content-Length", str(len(response.content)))
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Vary", "Cookie")
        return response

    def _may_be_somebody(self, request: HttpRequest) -> bool:
        return any(map(request.META.get, self.credentials)) or bool(getattr(request, FORCED_USER, None))


@convert_exception_to_response
def _call_view(request: HttpRequest) -> Any:
    request.get_host()  # raises for a host that is not served
    match: Any = request.resolver_match
    response = match.func(request, *match.args, **match.kwargs)
    return response.render() if hasattr(response, "render") else response


def _plain_match(request: HttpRequest) -> ResolverMatch | None:
    """The address of a plain read, or None where it is not one."""
    if request.method != "GET" or not request.path_info.startswith(API_PREFIX):
        return None
    if request.META.get("HTTP_ACCEPT") not in ANY_FORMAT:
        return None
    try:
        match = _resolve(request.path_info, get_urlconf(settings.ROOT_URLCONF))
    except Resolver404:
        return None
    return match if issubclass(getattr(match.func, "cls", object), CachedReadView) else None


def _credentials_in(way: type) -> str:
    if hasattr(way, "credentials_in"):
        return str(way.credentials_in)
    for known, header in CREDENTIALS_IN.items():
        if issubclass(way, known):
            return header
    raise MiddlewareNotUsed(f"{way.__name__} does not say where its credentials are")
