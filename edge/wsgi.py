"""The edge in front of a WSGI application."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings

from core.handoff import KEY
from edge.answering import Answer, Edge, Observer, Visit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication

STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_handed_over: ContextVar[Visit | None] = ContextVar("handed_over", default=None)


def wrap(application: WSGIApplication, observe: Observer | None = None) -> WSGIApplication:
    """Return the application with the edge in front, if it is not switched off."""
    return EdgeApplication(application, observe) if settings.EDGE else application


@contextmanager
def handed_over(visit: Visit) -> Iterator[None]:
    """Serve a request of which the edge has been asked already, by the server."""
    token = _handed_over.set(visit)
    try:
        yield
    finally:
        _handed_over.reset(token)
        visit.end()


class EdgeApplication:
    """A WSGI application: another one with the edge in front."""

    def __init__(self, application: WSGIApplication, observe: Observer | None) -> None:
        self.edge = Edge(observe)
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        answer = _handed_over.get() or self.edge.answer(environ)
        if answer is None:
            return self._application(environ, start_response)
        if isinstance(answer, Answer):
            start_response(STATUS_LINES[answer.status], answer.headers)
            return [answer.body]
        visit = answer

        def learn(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            self.edge.learn(visit, int(status[:3]), headers)
            return start_response(status, headers, *more)

        environ[KEY] = visit.handoff
        try:
            return self._application(environ, learn)
        finally:
            visit.end()
