"""Who or what the running code acts for: the user of a request, or a task."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from celery import current_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

MAX_VIA_CHARACTERS = 200

_request: ContextVar[HttpRequest | None] = ContextVar("acting_request", default=None)


class Actor(NamedTuple):
    """Who or what makes a change.

    Attributes:
        user_id: the user of the request; None outside of one, and for an anonymous one.
        via: the request's method and path, or the task's name; empty for a shell or a command.
    """

    user_id: int | None
    via: str


class ActorMiddleware:
    """Let ``current_actor`` know the request. Its user is read when a change is made."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


def current_actor() -> Actor:
    """Return who or what the running code acts for. DRF's authentication sets the user of the request."""
    if current_task:
        return Actor(None, str(current_task.name))
    request = _request.get()
    if request is None:
        return Actor(None, "")
    user_id: int | None = getattr(getattr(request, "user", None), "pk", None)
    return Actor(user_id, f"{request.method} {request.path}"[:MAX_VIA_CHARACTERS])
