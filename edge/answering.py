"""One request: answer it if its response is a cached value, else say what Django need not do again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.core.signals import setting_changed
from django.utils import translation
from django.utils.log import log_response

from api.http_cache import etag_of, has_credentials, matches_weakly
from api.problems.handler import problem_of
from caching import CacheResult
from caching.errors import CacheError
from core.handoff import Handoff
from core.request_id import choose_id, request_id
from edge import exchange
from edge.endpoints import Endpoint, find_endpoint
from edge.templates import Headers, Kind, Templates, kind_of
from ratelimit.rates import Decision
from ratelimit.throttling import QuotaExceeded, anonymous_limits

logger = logging.getLogger(__name__)

OK, NOT_MODIFIED, REFUSED = 200, 304, 429


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: Headers
    body: bytes


class Visit(NamedTuple):
    """A request that Django answers, and from whose response the edge may learn."""

    endpoint: Endpoint
    kind: Kind
    handoff: Handoff


# Called after each answer of the edge, which Django does not see, with the request's WSGI variables, the
# route in the URLconf, the answer and the seconds it took; log records have the request's id then.
Observer = Callable[[Mapping[str, Any], str, Answer, float], None]


class Edge:
    """Answers requests to cached endpoints, and shows each answer to ``observe``, for logs and metrics."""

    def __init__(self, observe: Observer | None = None) -> None:
        self._observe = observe
        self._templates = Templates()
        setting_changed.connect(self._follow_settings)

    def answer(self, meta: Mapping[str, Any]) -> Answer | Visit | None:
        """Return the response to a request; a Visit or None if Django answers it."""
        if meta["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        began = time.perf_counter()
        try:
            endpoint = find_endpoint(meta.get("PATH_INFO", ""), meta.get("QUERY_STRING", ""))
            if endpoint is None or _is_unusual(meta) or has_credentials(meta):
                return None
            current = choose_id(meta)
            token = request_id.set(current)
            try:
                answer = self._answer(endpoint, meta, current)
                if self._observe and isinstance(answer, Answer):
                    self._observe(meta, endpoint.route, answer, time.perf_counter() - began)
                return answer
            finally:
                request_id.reset(token)
        except CacheError:
            return None
        except Exception:  # whatever it is, Django answers
            logger.exception("The edge failed")
            return None

    def _answer(self, endpoint: Endpoint, meta: Mapping[str, Any], current: str) -> Answer | Visit:
        kind = kind_of(endpoint.route, meta)
        limits = anonymous_limits(endpoint.view, meta)
        if not self._templates.knows(kind, OK):
            return Visit(endpoint, kind, Handoff(limits))
        counted = endpoint.counted if meta["REQUEST_METHOD"] == "GET" else None
        decision, result = exchange.ask(endpoint, limits, counted)
        answer = None
        values = {"x-request-id": current}
        if decision is not None:
            values["ratelimit"] = decision.headers.get("RateLimit", "")
            if not decision.passes:
                answer = self._refuse(kind, meta, decision, values)
            elif result is not None:
                answer = self._give(kind, meta, result, values)
                if answer is not None:
                    endpoint.lookup.count_hit()
        was_counted = counted is not None and decision is not None and decision.passes
        return answer or Visit(endpoint, kind, Handoff(limits, decision, view_counted=was_counted))

    def _give(
        self, kind: Kind, meta: Mapping[str, Any], result: CacheResult, values: dict[str, str]
    ) -> Answer | None:
        status, body, etag = OK, result.body, etag_of(result.body)
        known = meta.get("HTTP_IF_NONE_MATCH")
        if known is not None and matches_weakly(etag, known):
            status, body = NOT_MODIFIED, b""
        values |= {"etag": etag, "x-cache": result.x_cache, "cache-status": result.cache_status}
        return self._render(kind, status, body, values)

    def _refuse(
        self, kind: Kind, meta: Mapping[str, Any], decision: Decision, values: dict[str, str]
    ) -> Answer | None:
        if not self._templates.knows(kind, REFUSED):
            return None
        with translation.override(settings.LANGUAGE_CODE):
            problem = problem_of(QuotaExceeded(decision))
        log_response("%s: %s", problem.reason_phrase, meta["PATH_INFO"], response=problem)
        values["retry-after"] = problem["Retry-After"]
        return self._render(kind, REFUSED, problem.content, values)

    def _render(self, kind: Kind, status: int, body: bytes, values: dict[str, str]) -> Answer | None:
        values["content-length"] = str(len(body))
        headers = self._templates.headers(kind, status, values)
        sent = b"" if kind[1] == "HEAD" else body
        return None if headers is None else Answer(status, headers, sent)

    def learn(self, visit: Visit, status: int, headers: Headers) -> None:
        """Keep the headers of Django's response to a request, if it is one that the edge can make."""
        if not visit.handoff.matched or self._templates.knows(visit.kind, status):
            return
        given = {name.lower(): value for name, value in headers}
        if status == REFUSED or (status in (OK, NOT_MODIFIED) and _is_the_value(visit.endpoint, given)):
            self._templates.learn(visit.kind, status, headers)

    def _follow_settings(self, **_: Any) -> None:
        self._templates.clear()


def _is_unusual(meta: Mapping[str, Any]) -> bool:
    """Return whether the request has a body, or is not addressed as requests usually are."""
    return (
        meta.get("CONTENT_LENGTH", "") not in ("", "0")
        or "HTTP_TRANSFER_ENCODING" in meta
        or "HTTP_HOST" not in meta
        or bool(meta.get("SCRIPT_NAME"))
        or "REMOTE_USER" in meta
    )


def _is_the_value(endpoint: Endpoint, headers: Mapping[str, str]) -> bool:
    """Return whether a response of Django's is the value that the edge finds at the endpoint."""
    if headers.get("x-cache") != "HIT":
        return False
    try:
        result = endpoint.lookup.look()
    except CacheError:
        return False
    return result is not None and etag_of(result.body) == headers.get("etag")
