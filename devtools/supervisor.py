"""Run several commands as one: they start together, print with their names, and end together."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

POLL_SECONDS = 0.1
LAST_OUTPUT_SECONDS = 1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ChildDiedError(Exception):
    """A command ended by itself; the message contains its name."""


class StopRequested(Exception):  # noqa: N818  (not an error)
    """The operator requested the end, or the parent process or the terminal is gone."""


@dataclass
class Supervisor:
    """A context in which commands run. They end with it, even if this process is killed.

    Args:
        folder: the working directory of the commands.
        locks: files that stay locked until the commands have ended.
        parent: the parent process; the supervisor stops when that has ended.
        grace_seconds: how long a command may take to stop before it is killed.
    """

    folder: Path
    locks: Sequence[IO[str]]
    parent: int | None = None
    grace_seconds: float = 6
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    readers: list[threading.Thread] = field(default_factory=list)
    output: threading.Lock = field(default_factory=threading.Lock)
    stop_requests: int = 0

    def __enter__(self) -> Self:
        self.handlers: dict[int, Any] = {number: signal.getsignal(number) for number in STOP_SIGNALS}
        for number, handler in self.handlers.items():
            if (number, handler) != (signal.SIGHUP, signal.SIG_IGN):  # nohup
                signal.signal(number, self._request_stop)
        groups, pipe = os.pipe()
        self.reaper = subprocess.Popen(
            [sys.executable, "-m", "devtools.reaper", str(self.grace_seconds)],
            cwd=self.folder,
            stdin=groups,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[lock.fileno() for lock in self.locks],
        )
        os.close(groups)
        self.groups = os.fdopen(pipe, "w", buffering=1)
        return self

    def __exit__(self, *_: object) -> None:
        self.groups.close()
        while self.reaper.poll() is None:
            for child in self.children.values():
                child.poll()  # the reaper waits while it is a zombie
            if self.stop_requests > 1:
                self.reaper.terminate()
            time.sleep(POLL_SECONDS)
        for child in self.children.values():
            child.kill()  # only if the reaper was killed
            child.wait()
        for reader in self.readers:
            reader.join(LAST_OUTPUT_SECONDS)
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Run the command, and print each line of its output after its name."""
        child = self.children[name] = subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C reaches only the supervisor
        )
        self.groups.write(f"{child.pid}\n")
        self.readers.append(threading.Thread(target=self._forward, args=(name, child.stdout), daemon=True))
        self.readers[-1].start()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Watch the children until the condition is true.

        Raises:
            ChildDiedError: a child ended.
            StopRequested: there was a signal, or the parent has ended, or the output is closed.
        """
        while not condition():
            if self.stop_requests or (self.parent and os.getppid() != self.parent):
                raise StopRequested
            for name, child in self.children.items():
                if child.poll() is not None:
                    raise ChildDiedError(f"{name} ended unexpectedly ({_how(child.returncode)})")
            time.sleep(POLL_SECONDS)

    def say(self, text: str) -> None:
        """Print whole lines, never within a line of a child."""
        with self.output:
            print(text, flush=True)

    def _forward(self, name: str, lines: IO[bytes]) -> None:
        with lines:
            for line in lines:
                try:
                    self.say(f"{name:<6} | {line.decode(errors='replace').rstrip()}")
                except BrokenPipeError:  # `make run | head`: continue to read, or the child would hang
                    self.stop_requests = self.stop_requests or 1

    def _request_stop(self, *_: object) -> None:
        self.stop_requests += 1


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
