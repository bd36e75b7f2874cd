"""The edge in front of a WSGI application."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings

from core.handoff import KEY
from edge.answering import Answer, Edge, Observer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication

STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def wrap(application: WSGIApplication, observe: Observer | None = None) -> WSGIApplication:
    """Return the application with the edge in front, if it is not switched off."""
    if not settings.EDGE:
        return application
    edge = Edge(observe)

    def serve(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        answer = edge.answer(environ)
        if answer is None:
            return application(environ, start_response)
        if isinstance(answer, Answer):
            start_response(STATUS_LINES[answer.status], answer.headers)
            return [answer.body]

        def learn(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            edge.learn(answer, int(status[:3]), headers)
            return start_response(status, headers, *more)

        environ[KEY] = answer.handoff
        try:
            return application(environ, learn)
        finally:
            answer.end()

    return serve
