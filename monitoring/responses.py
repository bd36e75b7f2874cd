"""What is noted of each response, whoever has made it: a line of the access log, metrics, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from core.access_log import log_response
from core.metrics import note_breakers, observe_response
from monitoring import audit
from ratelimit.client_address import address_in

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_USER = None
REFUSED = {401, 403, 429}


class Answer(Protocol):
    """A response, as edge/ makes it."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...


def note_response(
    meta: Mapping[str, Any],
    *,
    route: str,
    status: int,
    seconds: float,
    x_cache: str,
    user_id: int | None,
    size: int | None,
) -> None:
    """Note a response to the request with these WSGI variables. The others are as in core/access_log.py."""
    method = meta["REQUEST_METHOD"]
    observe_response(method=method, route=route, status=status, seconds=seconds, x_cache=x_cache)
    log_response(
        method=method,
        route=route,
        path=meta.get("PATH_INFO", ""),
        status=status,
        seconds=seconds,
        x_cache=x_cache,
        user_id=user_id,
        size=size,
    )
    note_breakers()
    if status in REFUSED:
        audit.log_refusal(
            method=method, route=route, status=status, address=address_in(meta), user_id=user_id
        )


def note_edge_answer(meta: Mapping[str, Any], route: str, answer: Answer, seconds: float) -> None:
    """Note a response that Django has not seen."""
    headers = {name.lower(): value for name, value in answer.headers}
    note_response(
        meta,
        route=route,
        status=answer.status,
        seconds=seconds,
        x_cache=headers.get("x-cache", "-"),
        user_id=NO_USER,
        size=len(answer.body),
    )
