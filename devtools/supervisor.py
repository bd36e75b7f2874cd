"""Run several commands as one: they start together, print with their names, and end together.

A command that ends by itself is started again; one that keeps ending ends them all.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

POLL_SECONDS = 0.1
LAST_OUTPUT_SECONDS = 1
MAX_EXITS = 5
EXIT_WINDOW_SECONDS = 60
FIRST_RESTART_SECONDS = 0.5  # twice as long after each exit within the window
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ChildDiedError(Exception):
    """A command ended by itself again and again; the message contains its name."""


@dataclass
class Child:
    """A command, its process, and when its processes ended of late; ``restart_at`` while none runs."""

    command: Sequence[str]
    process: subprocess.Popen[bytes]
    exits: list[float] = field(default_factory=list)
    restart_at: float = 0


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
        first_restart_seconds: how long after its first exit a command is started again.
    """

    folder: Path
    locks: Sequence[IO[str]]
    parent: int | None = None
    grace_seconds: float = 6
    first_restart_seconds: float = FIRST_RESTART_SECONDS
    children: dict[str, Child] = field(default_factory=dict)
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
                child.process.poll()  # the reaper waits while it is a zombie
            if self.stop_requests > 1:
                self.reaper.terminate()
            time.sleep(POLL_SECONDS)
        for child in self.children.values():
            child.process.kill()  # only if the reaper was killed
            child.process.wait()
        for reader in self.readers:
            reader.join(LAST_OUTPUT_SECONDS)
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Run the command, and print each line of its output after its name."""
        self.children[name] = Child(command, self._spawn(name, command))

    def _spawn(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C reaches only the supervisor
        )
        self.groups.write(f"{process.pid}\n")
        self.readers.append(threading.Thread(target=self._forward, args=(name, process.stdout), daemon=True))
        self.readers[-1].start()
        return process

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Watch the children until the condition is true, and start again those that end.

        Raises:
            ChildDiedError: a child ended for the ``MAX_EXITS``th time within a minute.
            StopRequested: there was a signal, or the parent has ended, or the output is closed.
        """
        while not condition():
            if self.stop_requests or (self.parent and os.getppid() != self.parent):
                raise StopRequested
            for name, child in self.children.items():
                if child.restart_at:
                    self._restart_when_due(name, child)
                elif child.process.poll() is not None:
                    self._ended(name, child)
            time.sleep(POLL_SECONDS)

    def restart(self) -> None:
        """End every command and start it again, for a change of the code."""
        for child in self.children.values():
            child.process.terminate()
        for name, child in self.children.items():
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(self.grace_seconds)
            self._end_group(child)
            self.children[name] = Child(child.command, self._spawn(name, child.command))

    def _end_group(self, child: Child) -> None:
        """End what is left of a child, and tell the reaper."""
        with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self.groups.write(f"-{child.process.pid}\n")

    def _ended(self, name: str, child: Child) -> None:
        """Note when to start a child again."""
        self._end_group(child)
        now, how = time.monotonic(), _how(child.process.returncode)
        child.exits = [*(at for at in child.exits if now - at < EXIT_WINDOW_SECONDS), now]
        if len(child.exits) >= MAX_EXITS:
            times = f"{MAX_EXITS} times within {EXIT_WINDOW_SECONDS} seconds"
            raise ChildDiedError(f"{name} ended unexpectedly {times}, the last time with {how}")
        seconds = self.first_restart_seconds * 2 ** (len(child.exits) - 1)
        child.restart_at = now + seconds
        self.say(f"{name:<6} | ended unexpectedly ({how}); starting it again in {seconds:g} s")

    def _restart_when_due(self, name: str, child: Child) -> None:
        if time.monotonic() >= child.restart_at:
            child.process, child.restart_at = self._spawn(name, child.command), 0

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
