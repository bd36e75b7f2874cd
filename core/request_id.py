"""One id for all log lines of a request and of the Celery tasks that it causes."""

from __future__ import annotations

import logging
import re
import secrets
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.utils.log import log_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextvars import Token

    from celery import Task
    from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
TASK_HEADER = "request_id"
NONE = "-"
# What a caller may choose: it is written to logs, so it is short, without spaces and control characters.
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")

request_id: ContextVar[str] = ContextVar("request_id", default=NONE)
_before_task: dict[str, Token[str]] = {}


class RequestIdMiddleware:
    """Use the caller's ``X-Request-ID`` or generate one, and send it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        current = choose_id(request.META)
        token = request_id.set(current)
        try:
            response = self.get_response(request)
            if response.status_code >= 400:  # Django would log it later, when the id is gone
                log_response(
                    "%s: %s", response.reason_phrase, request.path, response=response, request=request
                )
        finally:
            request_id.reset(token)
        response.headers[HEADER] = current
        return response


def choose_id(meta: Mapping[str, Any]) -> str:
    """Return the id that the caller offers if it is acceptable, else a new one."""
    offered = meta.get("HTTP_X_REQUEST_ID", "")
    return offered if ACCEPTED.fullmatch(offered) else secrets.token_hex(16)


class RequestIdFilter(logging.Filter):
    """Give each log record the ``request_id`` that the formatter prints."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


def send_request_id(headers: dict[str, Any], **kwargs: object) -> None:  # noqa: ARG001
    """Give a task the id of the request, or of the task, that publishes it."""
    current = request_id.get()
    if current != NONE:
        headers.setdefault(TASK_HEADER, current)


def take_request_id(task_id: str, task: Task, **kwargs: object) -> None:  # noqa: ARG001
    """Set the id that the task was published with; a task of beat or a shell has its own."""
    sent = getattr(task.request, TASK_HEADER, None)
    current = request_id.get()  # of the caller, where tasks run eagerly
    _before_task[task_id] = request_id.set(sent or (task_id if current == NONE else current))


def drop_request_id(task_id: str, **kwargs: object) -> None:  # noqa: ARG001
    """Restore the id from before the task."""
    request_id.reset(_before_task.pop(task_id))


before_task_publish.connect(send_request_id)
task_prerun.connect(take_request_id)
task_postrun.connect(drop_request_id)
