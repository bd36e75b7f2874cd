"""The headers of responses, learned from Django's own.

Which headers a response has is decided by settings and by every middleware. To copy that here would drift.
So the first requests of a kind are answered by Django, and their headers are kept but for the values that
differ from response to response. A kind is an endpoint, a method and all headers of the request but those in
IRRELEVANT: a header that is not known here makes another kind, which Django answers first. Two
responses must agree, so a header that changes by itself (a nonce, a time) is never replayed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any
from wsgiref.util import is_hop_by_hop

from django.conf import settings

MAX_KINDS = 1024
MAX_KIND_CHARACTERS = 2000
Headers = list[tuple[str, str]]
Kind = tuple[Any, ...]

# Headers of responses whose values are made for each response.
VARIABLE = frozenset(
    ["content-length", "etag", "x-cache", "cache-status", "ratelimit", "retry-after", "x-request-id"]
)
# Headers of requests that change nothing in a response but what is made for each: what clients and proxies
# say of themselves, of the way, and of what they have stored.
OWN = ("IF_NONE_MATCH", "X_REQUEST_ID")
CLIENT = ("USER_AGENT", "REFERER", "CACHE_CONTROL", "PRAGMA", "CONNECTION", "KEEP_ALIVE", "DNT", "PRIORITY")
BROWSER = ("SEC_FETCH_DEST", "SEC_FETCH_MODE", "SEC_FETCH_SITE", "SEC_FETCH_USER", "SEC_GPC", "SEC_CH_UA")
PROXY = ("VIA", "FORWARDED", "X_FORWARDED_FOR", "X_REAL_IP", "X_AMZN_TRACE_ID", "TRACEPARENT", "CF_RAY")
IRRELEVANT = frozenset(f"HTTP_{name}" for name in (*OWN, *CLIENT, *BROWSER, *PROXY))


def kind_of(route: str, meta: Mapping[str, Any]) -> Kind:
    """Return what the headers of the response depend on."""
    relevant = [item for item in meta.items() if item[0][:5] == "HTTP_" and item[0] not in IRRELEVANT]
    agent = meta.get("HTTP_USER_AGENT") if settings.DISALLOWED_USER_AGENTS else None
    usual = (route, meta["REQUEST_METHOD"], meta["wsgi.url_scheme"], meta.get("CONTENT_TYPE"), agent)
    return (*usual, *relevant)


class Templates:
    """Headers by kind of request and status."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[Kind, int], Headers] = {}
        self._confirmed: dict[tuple[Kind, int], Headers] = {}

    def knows(self, kind: Kind, status: int) -> bool:
        """Return whether there are headers for such a response."""
        return (kind, status) in self._confirmed

    def headers(self, kind: Kind, status: int, values: Mapping[str, str]) -> Headers | None:
        """Return the headers of a response, with the values of the variable ones by lower-case name."""
        template = self._confirmed.get((kind, status))
        return template and [(name, value or values[name.lower()]) for name, value in template]

    def learn(self, kind: Kind, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Keep the headers of a response of Django's; use them when a second response agrees."""
        template = [(name, "" if name.lower() in VARIABLE else value) for name, value in headers]
        is_own = any(name.lower() == "set-cookie" or is_hop_by_hop(name) for name, _ in template)
        if is_own or len(str(kind)) > MAX_KIND_CHARACTERS:
            return
        with self._lock:
            agrees = self._seen.get((kind, status)) == template
            known = self._confirmed if agrees else self._seen
            if len(known) >= MAX_KINDS:
                del known[next(iter(known))]
            known[kind, status] = template

    def clear(self, **_: Any) -> None:
        """Remove all: a setting was changed."""
        self._seen.clear()
        self._confirmed.clear()
