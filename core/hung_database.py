"""A bound on calls to a PostgreSQL that hangs without closing its connections: SIGSTOP, a disk that hangs.

``statement_timeout`` is kept by the server, and libpq waits for its answer for ever. So one thread of each
web process looks for calls that last longer than ``DB_HANG_TIMEOUT``. A statement may take that long; but if
a new connection is not answered either, the thread shuts the sockets of these calls down. Each then raises
an OperationalError, which a request answers with 503.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import socket
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import psycopg2
from django.conf import settings
from django.db.backends.signals import connection_created
from django.db.utils import DatabaseErrorWrapper
from psycopg2.extensions import POLL_OK, POLL_READ

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
PROBE_SECONDS = 2.0


class WatchedCalls(DatabaseErrorWrapper):
    """Django's translation of errors, which surrounds each call of the driver: when the present one began.

    Nothing here touches the driver's connection from another thread. The socket is a duplicate that only this
    object closes, so its number is never that of another connection.
    """

    def __init__(self, wrapper: DatabaseWrapper) -> None:
        super().__init__(wrapper)
        self.connection = wrapper
        self.began: float | None = None

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, *error: Any) -> None:
        self.began = None
        super().__exit__(*error)

    def attach(self, driver: Any) -> None:
        """Duplicate the socket of a connection that this thread has opened, until the connection is gone."""
        duplicate = socket.socket(fileno=os.dup(driver.fileno()))
        weakref.finalize(driver, duplicate.close).atexit = False
        self._attached = weakref.ref(driver), duplicate

    def cut(self, began: float) -> None:
        """Let the call fail that began at this moment, if it still lasts."""
        reference, duplicate = self._attached
        driver = reference()  # while it is referred to, the duplicate stays open
        if driver is not None and self.began == began:
            with contextlib.suppress(OSError):  # the server has closed it
                duplicate.shutdown(socket.SHUT_RDWR)


class Watch:
    """The connections of this process, and the thread that looks at them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watched: weakref.WeakSet[WatchedCalls] = weakref.WeakSet()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Watch the connections that this process opens from now on, and none that it has inherited."""
        self.__init__(self._seconds)  # type: ignore[misc]
        threading.Thread(target=self._run, name="hung-database", daemon=True).start()

    def attach(self, connection: DatabaseWrapper, **_: Any) -> None:
        """Watch a connection that this thread has just opened."""
        calls = connection.wrap_database_errors
        if not isinstance(calls, WatchedCalls):
            calls = connection.wrap_database_errors = WatchedCalls(connection)
            # Django's own calls the driver without them.
            connection.is_usable = calls(connection.is_usable)  # type: ignore[method-assign]
        calls.attach(connection.connection)
        with self._lock:
            self._watched.add(calls)

    def look(self) -> float:
        """Let calls that last too long fail, if the server hangs. Return the seconds until the next look."""
        late = self._late()
        if late and answers(late[0][0].connection):
            return self._seconds  # one new connection in that time is enough
        for calls, began in late:
            logger.error("PostgreSQL hangs: closing a connection that waits for it")
            calls.cut(began)
        return LOOK_SECONDS

    def _late(self) -> list[tuple[WatchedCalls, float]]:
        now = time.monotonic()
        with self._lock:
            present = [(calls, calls.began) for calls in self._watched]
        return [(calls, began) for calls, began in present if began and now - began > self._seconds]

    def _run(self) -> None:
        while True:
            time.sleep(self.look())


def watch() -> None:
    """Watch this process and its forks, unless ``DB_HANG_TIMEOUT`` is 0."""
    if settings.DB_HANG_TIMEOUT:
        watch = Watch(settings.DB_HANG_TIMEOUT)
        connection_created.connect(watch.attach, weak=False)
        watch.begin()
        os.register_at_fork(after_in_child=watch.begin)


def answers(wrapper: DatabaseWrapper) -> bool:
    """Return whether the server answers a new connection in time. One that refuses it does."""
    deadline = time.monotonic() + PROBE_SECONDS
    try:
        with contextlib.closing(psycopg2.connect(**wrapper.get_connection_params(), async_=True)) as probe:
            _wait(probe, deadline)
            probe.cursor().execute("SELECT 1")  # a pooler opens a connection without its server
            _wait(probe, deadline)
    except TimeoutError:
        return False
    except psycopg2.Error as error:  # on a Unix socket a full backlog is refused at once
        return os.strerror(errno.EAGAIN) not in str(error)
    return True


def _wait(probe: Any, deadline: float) -> None:
    while (state := probe.poll()) != POLL_OK:
        sockets = [probe]
        wanted = (sockets, []) if state == POLL_READ else ([], sockets)
        if not any(select.select(*wanted, [], max(0, deadline - time.monotonic()))):
            raise TimeoutError
