"""A deterministic scheduler: actors are threads that stop where the test says.

::

    reader = interleaving.actor(lambda: book_detail.get(pk=1))
    reader.run_to("fill")          # it has read the database, and is about to store
    rename(book)                   # while the reader is stopped
    reader.finish()                # what it returned, or the exception that it raised

An actor can stop before these steps of the cache and of the database: ``look``, ``get_generation``,
``lease``, ``SELECT``, ``fill``, ``fence``, ``COMMIT``, ``lift``, ``drop``, ``connect``; and after them, with
``done``. Only one actor runs at a time, so a schedule has one outcome.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections

from caching.testing import announced_steps

PATIENCE_SECONDS = 20

_current = threading.local()


class Crash(BaseException):
    """Ends an actor that is stopped at the end of a test."""


def reach(step: str) -> None:
    """Stop the actor of this thread if it is to stop before the step that follows."""
    actor = getattr(_current, "actor", None)
    if actor is not None:
        actor._reach(step)


class Actor:
    """A thread with a database connection of its own, which runs from step to step."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._stop_before: str | None = None
        self._stopped = threading.Semaphore(0)
        self._go = threading.Semaphore(0)
        self._crashed = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.steps: list[str] = []
        self.done = False

    def run_to(self, step: str) -> None:
        """Run until just before ``step``."""
        self.start_to(step)
        self.wait()
        assert not self.done, f"it ended without reaching {step!r}; it reached {self.steps}: {self._error!r}"

    def start_to(self, step: str | None) -> None:
        """Run without waiting, for an actor that will wait for another one's lock."""
        self._stop_before = step
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._go.release()

    def wait(self) -> None:
        """Wait until it has stopped or ended."""
        assert self._stopped.acquire(timeout=PATIENCE_SECONDS), f"stuck after {self.steps}"

    def finish(self) -> Any:
        """Run to the end. Return what the work returns, or raise what it raises."""
        if not self.done:
            self.start_to(None)
            self.wait()
        if self._error is not None:
            raise self._error
        return self._result

    def end(self) -> None:
        """End it where it has stopped, so that no thread stays after its test."""
        if self._thread.ident is not None:
            self._crashed = True
            self._go.release()
            self._thread.join(PATIENCE_SECONDS)
            assert not self._thread.is_alive(), f"it does not end; it reached {self.steps}"

    def _run(self) -> None:
        _current.actor = self
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001  (raised again where the test waits)
            self._error = error
        finally:
            self.done = True
            self._stopped.release()
            if not self._crashed:
                self._go.acquire()  # as in production, the connection stays open after the work
            connections.close_all()

    def _reach(self, step: str) -> None:
        self.steps.append(step)
        if step != self._stop_before:
            return
        self._stopped.release()
        self._go.acquire()
        if self._crashed:
            raise Crash


class Interleaving:
    """Makes and ends actors. It is a context manager, within which steps are announced to ``reach``."""

    def __init__(self) -> None:
        self._actors: list[Actor] = []
        self._announcing = announced_steps(reach)

    def actor(self, work: Callable[[], Any]) -> Actor:
        """Return a new actor; it does not run yet."""
        actor = Actor(work)
        self._actors.append(actor)
        return actor

    def __enter__(self) -> Interleaving:
        self._announcing.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        try:
            for actor in self._actors:
                actor.end()
        finally:
            self._announcing.__exit__(*error)


def act_as(actor: Any) -> None:
    """Announce the steps of this thread to ``actor``."""
    _current.actor = actor
