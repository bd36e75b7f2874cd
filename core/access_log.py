"""The access log: one line for each response.

The line has the route, not the path: some paths are secrets, such as a link that verifies an address. On a
developer's own terminal it has the path.
"""

from __future__ import annotations

import logging

from django.conf import settings

logger = logging.getLogger("access")
QUIET_ROUTES = ("health/", "metrics")  # what asks every few seconds is logged at DEBUG


def log_response(
    *,
    method: str,
    route: str,
    path: str,
    status: int,
    seconds: float,
    x_cache: str = "-",
    user_id: int | None = None,
    size: int | None = None,
) -> None:
    """Log one response. The line also has the request's id (core/request_id.py).

    Args:
        route: as in the URLconf, ``api/v1/courses/<int:pk>/``; ``-`` where nothing matches.
        path: in place of the route for a developer's terminal (``LOG_FORMAT=console``).
        x_cache: HIT, MISS or BYPASS; ``-`` where no cache may answer.
        user_id: None for a request without credentials.
        size: of the body in bytes; None for a stream.
    """
    level = logging.DEBUG if route.startswith(QUIET_ROUTES) else logging.INFO
    if not logger.isEnabledFor(level):
        return
    milliseconds = round(1000 * seconds, 1)
    user = "-" if user_id is None else user_id
    if settings.LOG_FORMAT == "console":
        text = f"{method} {path} {status} {milliseconds} ms {x_cache}"
    else:
        text = f"{method} {route} {status} {milliseconds} ms {x_cache} user={user} {size} B"
    extra = {
        "method": method,
        "route": route,
        "status": status,
        "ms": milliseconds,
        "x_cache": x_cache,
        "user_id": user_id,
        "bytes": size,
    }
    # Not logger.log(): it would look for the caller's place in the code, which is always the same.
    logger.handle(logger.makeRecord(logger.name, level, __file__, 0, text, (), None, extra=extra))
