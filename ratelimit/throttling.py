"""DRF's throttles, exact under concurrency: same names, scopes, rates and settings.

What differs from DRF's own: the decision is one atomic step in Redis (ratelimit/lua/throttle.lua) for all
throttles of a request, so that simultaneous requests cannot slip through together and a request
refused by one scope uses up no other; and every response says what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from ratelimit.client_address import client_address
from ratelimit.limiter import get_limiter
from ratelimit.rates import Bucket, Verdict, parse_rate

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.views import APIView


class RateThrottle(BaseThrottle):
    """At most so many requests of one client in any window of time.

    A subclass names its ``scope``; the rate is that of the scope in DEFAULT_THROTTLE_RATES, read at
    each request, unless the class has a ``rate`` of its own.
    """

    scope: str | None = None
    rate: str | None = None
    anonymous_only = False

    def get_scope(self, view: APIView) -> str | None:  # noqa: ARG002
        """Whose rate applies to requests to this view; None for no limit."""
        return self.scope

    def counted_as(self, client: str) -> str:
        """Whose requests those of ``client`` (``client_of``) are counted with."""
        return client

    def bucket(self, view: APIView, client: str) -> Bucket | None:
        """Where a request of ``client`` to this view counts; None where it does not."""
        scope = self.get_scope(view)
        if not scope or (self.anonymous_only and not client.startswith(ADDRESS)):
            return None
        return _bucket_of(scope, self.rate or _rate_of(scope), self.counted_as(client))

    def allow_request(self, request: Request, view: APIView) -> bool:
        self.verdict = verdict_of(request, view)
        return self.verdict.passes

    def wait(self) -> float:
        """Seconds after which the request would pass, if the client sends nothing meanwhile."""
        return self.verdict.wait_seconds


class AnonRateThrottle(RateThrottle):
    """Limits requests without a user, by address."""

    scope = "anon"
    anonymous_only = True


class UserRateThrottle(RateThrottle):
    """Limits the requests of a user, and as DRF does, those of an address without one."""

    scope = "user"


class ScopedRateThrottle(RateThrottle):
    """Limits the requests to views of one ``throttle_scope``."""

    def get_scope(self, view: APIView) -> str | None:
        return getattr(view, "throttle_scope", None)


ADDRESS = "ip:"


def may_try(request: HttpRequest, scope: str) -> bool:
    """Count an attempt, on a page outside the API, in an address's share of a scope; whether it may pass."""
    bucket = _bucket_of(scope, _rate_of(scope), ADDRESS + client_address(request))
    return bucket is None or get_limiter().decide([bucket]).passes


def client_of(request: Request) -> str:
    """Whose requests are counted together: the user's, or those of the address."""
    user = request.user
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    return ADDRESS + client_address(request)


def verdict_of(request: Request, view: APIView) -> Verdict:
    """One verdict for all throttles of a request: the first that DRF asks fetches it.

    The headers go by ``view.headers``, which DRF adds to whatever the view answers.
    """
    verdict: Verdict | None = request.__dict__.get("throttle_verdict")
    if verdict is None:
        verdict = get_limiter().decide(_buckets(request, view))
        request.__dict__["throttle_verdict"] = verdict
        view.headers.update(verdict.headers)
    return verdict


def _buckets(request: Request, view: APIView) -> list[Bucket]:
    client = client_of(request)
    throttles = [throttle for throttle in view.get_throttles() if isinstance(throttle, RateThrottle)]
    found = [throttle.bucket(view, client) for throttle in throttles]
    return list(dict.fromkeys(bucket for bucket in found if bucket is not None))


def _bucket_of(scope: str, rate: str | None, client: str) -> Bucket | None:
    parsed = parse_rate(rate)
    return None if parsed is None else Bucket(scope, *parsed, client)


def _rate_of(scope: str) -> str | None:
    try:
        rate = api_settings.DEFAULT_THROTTLE_RATES[scope]
    except KeyError:
        raise ImproperlyConfigured(f"No rate for the scope {scope!r} in DEFAULT_THROTTLE_RATES") from None
    return None if rate is None else str(rate)
