"""The watch thread of each process that reads the cache: twice a second it checks what readers depend on.

One check, in this order:

1. Write to Redis. If that fails, writers cannot invalidate, so values may be stale.
2. Drain the outbox.
3. Compare the database with the one from which the cache was filled.
4. Lift overdue fences whose transactions are over.
5. Check that every declared table has its triggers. This is done when a trigger has changed, and from time
   to time: a partition without triggers may have been attached.

Only if all steps succeed do readers trust Redis, for a second and a half. So if only one writer is cut off
from Redis, other processes notice within that time. The thread has a database connection of its own, which
it uses for a few milliseconds. It ends when nothing has been read for half a minute.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Protocol

from caching import conf
from caching.errors import CacheError, OutboxUnavailable, RedisUnavailable, Untrusted
from caching.keys import Target
from caching.postgresql import installed
from caching.recovery import fences, origin, outbox
from caching.recovery.session import Session
from caching.recovery.trust import Trust
from caching.redis import scripts
from caching.redis.forks import after_fork
from caching.redis.scripts import ScriptCall
from caching.registry import databases

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
IDLE_SECONDS = 30.0
LONG_SECONDS = 0.1  # after a failed check that took longer, readers do not wait for the next one
CHECK_TIMEOUT_SECONDS = 0.75  # how long a reader waits for a check
COVERAGE_SECONDS = 30.0

_inherited: list[Session] = []  # from a parent process: closing them would close the parent's connections


class Redis(Protocol):
    """Redis, as a check uses it. All methods raise RedisUnavailable."""

    @property
    def breaks(self) -> int: ...
    def run(self, *calls: ScriptCall) -> list[Any]: ...
    def commands(self, *commands: tuple[Any, ...]) -> list[Any]: ...
    def node_keys(self, name: str) -> list[str]: ...


class Watch:
    """The thread, the result of its checks, and the work that readers and writers leave to it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.trust = Trust()
        self._begin()
        after_fork(self._begin_in_child)

    def _begin(self) -> None:
        """Set the state of a process that has no thread and no connection yet."""
        self._lock = threading.Lock()
        self._checked = threading.Condition()
        self._rounds = 0
        self._is_checking = False
        self._one_check = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._sessions: dict[str, Session] = {}
        self._fenced: set[Target] = set()
        self._to_retry: list[tuple[set[Target], str]] = []
        self._covered_at = float("-inf")
        self._triggers: list[Any] = []
        self._used_at = 0.0
        self._stopping = False
        self._timed_out_round = -1  # the round for which a reader has waited too long
        self._failed_at = float("-inf")  # when a check that took long failed

    def _begin_in_child(self) -> None:
        _inherited.extend(self._sessions.values())
        self._begin()
        self.trust.withdraw()

    # --- For readers ----------------------------------------------------------------------------

    def require(self, key: str) -> None:
        """Raise an error if the values of the declaration ``key`` in Redis may be stale.

        Raises:
            Untrusted: a check must be made first.
            OutboxUnavailable: a table of the declaration has no triggers (run ``manage.py migrate``).
        """
        self._used_at = time.monotonic()
        if not self.trust.is_valid(self._redis.breaks):
            raise Untrusted
        if key in self.trust.uncovered:
            raise OutboxUnavailable(f"{key}: its triggers are missing")

    def check_now(self) -> None:
        """Request a check and wait for its result.

        Raises:
            Untrusted: it did not finish in time, or failed.
        """
        with self._checked:
            if self._timed_out_round == self._rounds or time.monotonic() - self._failed_at < TICK_SECONDS:
                raise Untrusted  # the thread continues to try; not every reader needs to wait for it
            round_needed = self._rounds + (2 if self._is_checking else 1)
            self.wake()
            if not self._checked.wait_for(lambda: self._rounds >= round_needed, CHECK_TIMEOUT_SECONDS):
                self._timed_out_round = self._rounds
                raise Untrusted

    def examine(self, *targets: Target) -> None:
        """Let the next check lift overdue fences of these targets: a reader has found a fence there."""
        with self._lock:
            self._fenced.update(targets)

    # --- For writers ----------------------------------------------------------------------------

    def retry_later(self, targets: set[Target], token: str = "") -> None:
        """Drop these targets, or lift their fences if there is a token, as soon as Redis answers."""
        with self._lock:
            self._to_retry.append((targets, token))
        self.note_missed()

    def note_missed(self) -> None:
        """Withdraw the trust: an invalidation did not reach Redis, and the next check must run it."""
        self.trust.withdraw()
        self.wake()

    def recheck_triggers(self) -> None:
        """Check the triggers in the next round: a table may have changed."""
        self._covered_at = float("-inf")
        self.trust.withdraw()

    def wake(self) -> None:
        """Let the thread check soon; start it if necessary."""
        self._used_at = time.monotonic()
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._start()
        self._wake.set()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="cache watch", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # too many threads, or the interpreter ends: nothing is trusted
            logger.exception("the watch thread of the cache cannot be started")
        else:
            self._thread = thread

    def stop(self) -> None:
        """End the thread and close its connections."""
        self._stopping = True
        self._wake.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        for session in self._sessions.values():  # of a check that ran in another thread
            session.close()
        self._begin()
        self.trust.withdraw()

    # --- The thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while self._is_needed():
            self._wake.clear()
            self.check()
            self._wake.wait(TICK_SECONDS)

    def _is_needed(self) -> bool:
        """Return whether to continue. After False, ``wake`` starts another thread."""
        with self._lock:
            is_used = self._to_retry or time.monotonic() - self._used_at < IDLE_SECONDS
            if is_used and not self._stopping:
                return True
            sessions, self._sessions = self._sessions, {}
            self._thread = None
        for session in sessions.values():
            session.close()
        return False

    def check(self) -> None:
        """Make one check; confirm or withdraw the trust."""
        with self._one_check:
            self._check_and_notify()

    def _check_and_notify(self) -> None:
        self._is_checking = True
        began, breaks = time.monotonic(), self._redis.breaks
        try:
            self._check(wait_for_writers=breaks != self.trust.breaks)
        except Exception as error:  # whatever it is, nothing may be trusted, and the thread continues
            self.trust.withdraw()
            if time.monotonic() - began > LONG_SECONDS:
                self._failed_at = time.monotonic()
            level = logging.DEBUG if isinstance(error, CacheError) else logging.ERROR
            logger.log(level, "the cache is not trusted: %s", error, exc_info=level == logging.ERROR)
        else:
            self.trust.confirm(breaks, began)
        finally:
            with self._checked:
                self._is_checking = False
                self._rounds += 1
                self._checked.notify_all()

    def _check(self, *, wait_for_writers: bool) -> None:
        self._redis.commands(*(("SET", key, 1) for key in self._redis.node_keys("caching:heartbeat")))
        self._retry()
        aliases = databases()
        for alias in aliases:
            session = self._session(alias)
            origin.check(session, self._redis.run, self._redis.node_keys("caching:origin"))
            outbox.drain(session, self._redis.run, wait_for_writers=wait_for_writers)
        self._lift_overdue()
        triggers = [installed.state(self._session(alias).query) for alias in sorted(aliases)]
        if triggers != self._triggers or time.monotonic() - self._covered_at > COVERAGE_SECONDS:
            self._look_for_triggers(aliases)
            self._triggers = triggers

    def _session(self, alias: str) -> Session:
        return self._sessions.setdefault(alias, Session(alias))

    def _look_for_triggers(self, aliases: set[str]) -> None:
        self._covered_at = time.monotonic()  # set first: a table that changes during the check resets it
        try:
            self.trust.uncovered = frozenset().union(
                *(installed.uncovered(self._sessions[alias].query, alias) for alias in aliases)
            )
        except OutboxUnavailable:
            self._covered_at = float("-inf")
            raise

    def _retry(self) -> None:
        while self._to_retry:
            targets, token = self._to_retry[0]
            script, arguments = (scripts.LIFT, [token]) if token else (scripts.DROP, [])
            self._redis.run(*(ScriptCall(script, target, arguments) for target in targets))
            self._to_retry.pop(0)

    def _lift_overdue(self) -> None:
        with self._lock:
            targets, self._fenced = self._fenced, set()
        try:
            sessions = {alias: self._session(alias) for alias in conf.database_aliases()}
            fences.lift_overdue(targets, sessions, self._redis.run)
        except (RedisUnavailable, OutboxUnavailable):
            self.examine(*targets)
            raise
