"""Classification of error replies by what they mean for the server and for the connection.

==========  ========================================  =====================  ======================
            codes                                     raised                 the connection
==========  ========================================  =====================  ======================
AWAY        LOADING, MASTERDOWN, CLUSTERDOWN,         ``RedisUnavailable``   is given up: it leads
            READONLY, NOAUTH, WRONGPASS,                                     to a server that
            too many clients                                                 cannot serve
TROUBLE     OOM, MISCONF, NOREPLICAS, BUSY,           ``RedisUnavailable``   is kept: reads work
            NOPERM, TRYAGAIN
REFUSED     every other                               ``RedisRefused``       is kept
==========  ========================================  =====================  ======================

A circuit breaker counts the first two as failures: a writer cannot set its fences. NOSCRIPT, MOVED and ASK
are handled by the client itself and never reach a caller.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from redis import exceptions

from caching.errors import RedisRefused, RedisUnavailable

# What the driver raises if there is no usable reply, including malformed ones. Not every exception: others,
# such as Celery's soft time limit, may be raised during an exchange.
DRIVER_ERRORS = (
    RedisUnavailable,
    exceptions.RedisError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
)

AWAY = {"LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY", "NOAUTH", "WRONGPASS"}
TROUBLE = {"OOM", "MISCONF", "NOREPLICAS", "BUSY", "NOPERM", "TRYAGAIN"}

# redis-py removes the code from replies that have an exception class of their own.
CODES: dict[type[Exception], str] = {
    exceptions.BusyLoadingError: "LOADING",
    exceptions.MasterDownError: "MASTERDOWN",
    exceptions.ClusterDownError: "CLUSTERDOWN",
    exceptions.ReadOnlyError: "READONLY",
    exceptions.AuthenticationError: "NOAUTH",
    exceptions.OutOfMemoryError: "OOM",
    exceptions.NoPermissionError: "NOPERM",
    exceptions.TryAgainError: "TRYAGAIN",
}
# Redis 6.2 wraps the error of a command in a script: "Error running script (…): @user_script: 3: -OOM …".
CODE_IN_TEXT = re.compile(r"(?:^|: -)([A-Z]+) ")


def is_away(error: Exception) -> bool:
    """Return whether the connection leads to a server that cannot serve."""
    return isinstance(error, exceptions.ConnectionError) or _code(error) in AWAY


def raise_first_error(replies: Sequence[Any]) -> None:
    """Raise the first error among the replies to a batch.

    Raises:
        RedisUnavailable: the server cannot serve.
        RedisRefused: the server is healthy and refused a command.
    """
    errors = [reply for reply in replies if isinstance(reply, Exception)]
    if not errors:
        return
    for error in errors:
        if _code(error) in TROUBLE | AWAY:
            raise RedisUnavailable(describe(error)) from error
    raise RedisRefused(describe(errors[0]), replies) from errors[0]


def describe(error: BaseException) -> str:
    """Return one line that describes an error, never empty."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _code(error: Exception) -> str | None:
    if type(error) in CODES:
        return CODES[type(error)]
    found = CODE_IN_TEXT.search(str(error))
    return found[1] if found else None
