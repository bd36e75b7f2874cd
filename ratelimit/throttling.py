"""DRF's rate limits, exact under concurrency: same scopes, rates and settings.

One class decides for all scopes of a request, in one atomic step in Redis (lua/throttle.lua): requests
that come at once cannot pass together, and a request that one scope refuses uses up no other. Every
response says what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from rest_framework.exceptions import Throttled
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from core.handoff import handoff_of
from ratelimit.client_address import address_in, client_address
from ratelimit.limiter import get_limiter
from ratelimit.rates import Decision, Limit, parse_rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.views import APIView

ADDRESS = "ip:"
# A registered type of problems (draft-ietf-httpapi-ratelimit-headers).
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"


class QuotaExceeded(Throttled):
    """A request is refused (429). ``members``, of the problem, name the scopes that refused it."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(wait=decision.wait_seconds)
        self.members = {"type": QUOTA_EXCEEDED, "violated-policies": decision.violated}


class RateThrottle(BaseThrottle):
    """Counts a request in the scope ``anon`` or ``user``, and in the view's ``throttle_scope`` or scopes.

    As in DRF, ``anon`` counts requests without a user by address, ``user`` those of a user, and those
    of an address without one. A view may name ``throttle_client``: its requests are then counted
    together, for all clients, and in its own scope only.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True, or raise QuotaExceeded."""
        limits = limits_of(view, _client_of(request))
        handoff = handoff_of(request)
        decision = (handoff and handoff.take(limits)) or get_limiter().decide(limits)
        # DRF adds view.headers to whatever the view answers.
        view.headers.update(decision.headers)
        if not decision.passes:
            raise QuotaExceeded(decision)
        return True


def anonymous_limits(view: APIView, meta: Mapping[str, Any]) -> list[Limit]:
    """Return what a request without a user counts in, given its WSGI variables."""
    return limits_of(view, ADDRESS + address_in(meta))


def limits_of(view: APIView, client: str) -> list[Limit]:
    """Return what a client's request to a view counts in; rates that are off are left out."""
    named: str | tuple[str, ...] | None = getattr(view, "throttle_scope", None)
    shared: str | None = getattr(view, "throttle_client", None)
    client = shared or client
    scopes = [] if shared else ["anon", "user"] if client.startswith(ADDRESS) else ["user"]
    own = (named,) if isinstance(named, str) else named or ()
    found = [_limit(name, client) for name in [*scopes, *own]]
    return [limit for limit in found if limit is not None]


def allow_attempt(request: HttpRequest, scope: str) -> bool:
    """Count an attempt, on a page outside the API, by address in a scope. Return whether it may pass."""
    limit = _limit(scope, ADDRESS + client_address(request))
    return limit is None or get_limiter().decide([limit]).passes


def _client_of(request: Request) -> str:
    user: Any = request.user
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    return ADDRESS + client_address(request)


def _limit(scope: str, client: str) -> Limit | None:
    parsed = parse_rate(_rate_of(scope))
    return None if parsed is None else Limit(scope, *parsed, client)


def _rate_of(scope: str) -> str | None:
    try:
        rate = api_settings.DEFAULT_THROTTLE_RATES[scope]
    except KeyError:
        raise ImproperlyConfigured(f"No rate for the scope {scope!r} in DEFAULT_THROTTLE_RATES") from None
    return None if rate is None else str(rate)
