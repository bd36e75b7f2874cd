"""Several commands as one: they start together, speak with their names, and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, BinaryIO, Self

from devtools.process_groups import end_groups
from devtools.reaper import DONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

POLL_SECONDS = 0.1
LAST_WORDS_SECONDS = 1
STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class ChildDiedError(Exception):
    """A command ended though nobody asked it to; the message says which."""


class StopRequested(Exception):  # noqa: N818  (not an error)
    """The operator asked for the end, or went away."""


class Supervisor:
    """A context in which commands run; leaving it ends them, in any case.

    Args:
        folder: the working directory of the commands.
        lock: stays locked until the commands are gone, even if this process is killed.
        end_with_parent: stop when the process that started this one has gone.
    """

    def __init__(self, folder: Path, lock: IO[str], *, end_with_parent: bool = False) -> None:
        self.folder = folder
        self.lock = lock
        self.parent = os.getppid() if end_with_parent else None
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.readers: list[threading.Thread] = []
        self.stop_requests = 0
        self.output = threading.Lock()

    def __enter__(self) -> Self:
        ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else set()  # nohup
        self.handlers = {
            number: signal.signal(number, self._request_stop) for number in STOP_SIGNALS - ignored
        }
        self.reaper = subprocess.Popen(
            [sys.executable, "-m", "devtools.reaper"],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[self.lock.fileno()],
        )
        return self

    def __exit__(self, *_: object) -> None:
        by_pid = {child.pid: child for child in self.children.values()}
        end_groups(by_pid, lambda pid: by_pid[pid].poll() is None, hurry=lambda: self.stop_requests > 1)
        for child in by_pid.values():
            child.wait()
        for reader in self.readers:
            reader.join(LAST_WORDS_SECONDS)
        self.reaper.communicate(DONE.encode())
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Run the command; each line that it prints appears here after its name."""
        child = subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C is for the supervisor alone
        )
        self.children[name] = child
        _pipe(self.reaper.stdin).write(f"{child.pid}\n".encode())
        _pipe(self.reaper.stdin).flush()
        reader = threading.Thread(target=self._forward, args=(name, _pipe(child.stdout)), daemon=True)
        self.readers.append(reader)
        reader.start()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Watch over the children until the condition holds.

        Raises:
            ChildDiedError: a child ended.
            StopRequested: by a signal, or because the parent or the output is gone.
        """
        while not condition():
            if self.stop_requests or (self.parent and os.getppid() != self.parent):
                raise StopRequested
            for name, child in self.children.items():
                if child.poll() is not None:
                    raise ChildDiedError(f"{name} ended unexpectedly ({_how(child.returncode)})")
            time.sleep(POLL_SECONDS)

    def say(self, text: str) -> None:
        """Print whole lines, never in the middle of a child's."""
        with self.output:
            print(text, flush=True)

    def _forward(self, name: str, lines: BinaryIO) -> None:
        with lines:
            for line in lines:
                try:
                    self.say(f"{name:<6} | {line.decode(errors='replace').rstrip()}")
                except BrokenPipeError:  # `make run | head`: read on, or the child would hang
                    self.stop_requests = self.stop_requests or 1

    def _request_stop(self, *_: object) -> None:
        self.stop_requests += 1


def _pipe(pipe: IO[bytes] | None) -> BinaryIO:
    assert pipe is not None  # noqa: S101  (asked for with PIPE)
    return pipe  # type: ignore[return-value]  # Popen's pipes are binary


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
