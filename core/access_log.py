"""The access log: one line for each response, whoever has made it.

The line has the route, not the path: some paths are secrets, such as a link that verifies an address.
"""

from __future__ import annotations

import logging

logger = logging.getLogger("access")
TEXT = "%s %s %d %.1f ms %s user=%s %s B"
QUIET_ROUTES = ("health/", "metrics")  # what asks every few seconds is logged at DEBUG


def log_response(
    *,
    method: str,
    route: str,
    status: int,
    seconds: float,
    x_cache: str = "-",
    user_id: int | None = None,
    size: int | None = None,
) -> None:
    """Log one response. The line also has the request's id (core/request_id.py).

    Args:
        route: as in the URLconf, ``api/v1/courses/<int:pk>/``; ``-`` where nothing matches.
        x_cache: HIT, MISS or BYPASS; ``-`` where no cache may answer.
        user_id: None for a request without credentials.
        size: of the body in bytes; None for a stream.
    """
    level = logging.DEBUG if route.startswith(QUIET_ROUTES) else logging.INFO
    if not logger.isEnabledFor(level):
        return
    milliseconds = 1000 * seconds
    found = "-" if user_id is None else user_id
    logger.log(
        level,
        TEXT,
        *(method, route, status, milliseconds, x_cache, found, "-" if size is None else size),
        extra={
            "method": method,
            "route": route,
            "status": status,
            "ms": round(milliseconds, 1),
            "x_cache": x_cache,
            "user_id": user_id,
            "bytes": size,
        },
    )
