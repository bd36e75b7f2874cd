"""What an error reply says about the server that gave it.

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

A circuit breaker counts the first two: a writer cannot place its fences. NOSCRIPT, MOVED and ASK are
answered by the client itself and never reach a caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from redis import exceptions

from caching.errors import RedisRefused, RedisUnavailable

# What the driver raises when there is no reply that can be used; it fails on malformed replies, too. Not
# every exception: Celery's soft time limit and the like arrive in the middle of an exchange.
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

# redis-py strips the code of those that have a class of their own.
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
# Redis 6.2 wraps what a script's command was answered: "Error running script (…): @user_script: 3: -OOM …".
CODE_IN_TEXT = re.compile(r"(?:^|: -)([A-Z]+) ")


def is_away(error: Exception) -> bool:
    """Return whether the connection leads to a server that cannot serve."""
    return isinstance(error, exceptions.ConnectionError) or _code(error) in AWAY


def raise_first_error(replies: Iterable[Any]) -> None:
    """Look through the replies to a batch.

    Raises:
        RedisUnavailable: the server is in trouble.
        RedisRefused: it is well, and refused a command.
    """
    errors = [reply for reply in replies if isinstance(reply, Exception)]
    if not errors:
        return
    for error in errors:
        if _code(error) in TROUBLE | AWAY:
            raise RedisUnavailable(describe(error)) from error
    raise RedisRefused(describe(errors[0])) from errors[0]


def describe(error: BaseException) -> str:
    """Return one line about an error, never empty."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _code(error: Exception) -> str | None:
    if type(error) in CODES:
        return CODES[type(error)]
    found = CODE_IN_TEXT.search(str(error))
    return found[1] if found else None
