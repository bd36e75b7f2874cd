"""One request: answer it if its response is a cached value, else say what Django need not do again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.core.signals import setting_changed
from django.utils import translation
from django.utils.log import log_response

from api.http_cache import etag_of, has_credentials, matches_weakly
from api.problems.handler import problem_of
from caching import CacheResult
from caching.errors import CacheError
from caching.read.lookup import HeldLease
from core.handoff import Handoff
from core.request_id import choose_id, request_id
from edge import exchange
from edge.endpoints import Endpoint, find_endpoint
from edge.exchange import NO_REPLY, Question, Reply
from edge.templates import Headers, Kind, Templates, kind_of
from ratelimit.rates import Decision
from ratelimit.throttling import QuotaExceeded, anonymous_limits

logger = logging.getLogger(__name__)

Made = TypeVar("Made")

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

    def end(self) -> None:
        """Release what Django has not used."""
        if self.handoff.lease:
            self.handoff.lease.release()


class Asked(NamedTuple):
    """A request that the edge may answer; if it knows the headers, with Redis's help."""

    meta: Mapping[str, Any]
    kind: Kind
    question: Question
    is_known: bool
    began: float


# Called after each answer of the edge, which Django does not see, with the request's WSGI variables, the
# route in the URLconf, the answer and the seconds it took; log records have the request's id then.
Observer = Callable[[Mapping[str, Any], str, Answer, float], None]


class Edge:
    """Answers requests to cached endpoints, and shows each answer to ``observe``, for logs and metrics."""

    def __init__(self, observe: Observer | None = None) -> None:
        self._observe = observe
        self._templates = Templates()
        setting_changed.connect(self._templates.clear)

    def answer(self, meta: Mapping[str, Any]) -> Answer | Visit | None:
        """Return the response to a request; a Visit or None if Django answers it."""
        return self.answer_all([meta])[0]

    def answer_all(self, metas: Sequence[Mapping[str, Any]]) -> list[Answer | Visit | None]:
        """Do the same for several requests, by one exchange with Redis for all."""
        requests = [_guarded(self._read, meta) for meta in metas]
        questions = [asked.question for asked in requests if asked and asked.is_known]
        replies = iter(_guarded(exchange.ask, questions) or [NO_REPLY] * len(questions))
        return [
            asked and _guarded(self._answer, asked, next(replies) if asked.is_known else NO_REPLY)
            for asked in requests
        ]

    def _read(self, meta: Mapping[str, Any]) -> Asked | None:
        method = meta["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            return None
        began = time.perf_counter()
        endpoint = find_endpoint(meta.get("PATH_INFO", ""), meta.get("QUERY_STRING", ""))
        if endpoint is None or _is_unusual(meta) or has_credentials(meta):
            return None
        kind = kind_of(endpoint.route, meta)
        counted = endpoint.counted if method == "GET" else None
        question = Question(endpoint, anonymous_limits(endpoint.view, meta), counted)
        return Asked(meta, kind, question, self._templates.knows(kind, OK), began)

    def _answer(self, asked: Asked, reply: Reply) -> Answer | Visit:
        meta, kind, (endpoint, limits, _), *_ = asked
        values = {"x-request-id": choose_id(meta)}
        token = request_id.set(values["x-request-id"])
        try:
            answer = self._answer_by(asked, reply, values)
            if answer is None:
                lease = reply.found if isinstance(reply.found, HeldLease) else None
                handoff = Handoff(limits, reply.decision, lease, view_counted=reply.was_counted)
                return Visit(endpoint, kind, handoff)
            if reply.found:
                endpoint.lookup.count_hit()
            if self._observe:
                self._observe(meta, endpoint.route, answer, time.perf_counter() - asked.began)
            return answer
        finally:
            request_id.reset(token)

    def _answer_by(self, asked: Asked, reply: Reply, values: dict[str, str]) -> Answer | None:
        if reply.decision is None:
            return None
        values["ratelimit"] = reply.decision.headers.get("RateLimit", "")
        if not reply.decision.passes:
            return self._refuse(asked, reply.decision, values)
        return self._give(asked, reply.found, values) if isinstance(reply.found, CacheResult) else None

    def _give(self, asked: Asked, result: CacheResult, values: dict[str, str]) -> Answer | None:
        status, body, etag = OK, result.body, etag_of(result.body)
        known = asked.meta.get("HTTP_IF_NONE_MATCH")
        if known is not None and matches_weakly(etag, known):
            status, body = NOT_MODIFIED, b""
        values |= {"etag": etag, "x-cache": result.x_cache, "cache-status": result.cache_status}
        return self._render(asked.kind, status, body, values)

    def _refuse(self, asked: Asked, decision: Decision, values: dict[str, str]) -> Answer | None:
        if not self._templates.knows(asked.kind, REFUSED):
            return None
        with translation.override(settings.LANGUAGE_CODE):
            problem = problem_of(QuotaExceeded(decision))
        log_response("%s: %s", problem.reason_phrase, asked.meta["PATH_INFO"], response=problem)
        values["retry-after"] = problem["Retry-After"]
        return self._render(asked.kind, REFUSED, problem.content, values)

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


def _guarded(function: Callable[..., Made], *arguments: Any) -> Made | None:
    """Return what a function returns; None if it fails: whatever it is, Django answers."""
    try:
        return function(*arguments)
    except Exception:
        logger.exception("The edge failed")
        return None


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
