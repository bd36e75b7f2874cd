"""A server as a child of its watchdog."""

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

START_SECONDS = 60
STOP_SECONDS = 20
START_ATTEMPTS = 3


class Server(ABC):
    """The server whose data and log are in ``home``."""

    program: str
    address: str
    advice = ""  # for when it does not start
    process: subprocess.Popen[bytes] | None = None

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "log"

    @abstractmethod
    def launch(self, attempt: int) -> subprocess.Popen[bytes]:
        """Start the process and set the address."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether this process answers at the address."""

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            SystemExit: when it does not, naming its log.
        """
        deadline = time.monotonic() + START_SECONDS
        for attempt in range(START_ATTEMPTS):
            self._kill_leftovers()
            self.process = self.launch(attempt)
            while self.is_alive() and time.monotonic() < deadline:
                if self.answers():
                    return
                time.sleep(0.02)
        self.kill()
        raise SystemExit(f"{self.program} did not start; its log is {self.log}.{self.advice}")

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end its sessions and write its data, and kill it if it takes too long."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def spawn(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)

    def _kill_leftovers(self) -> None:
        """Kill what works in ``home``: the server of a killed watchdog, or a session of a killed server."""
        left = [process for process in psutil.process_iter() if self._is_ours(process)]
        for process in left:
            process.kill()
        psutil.wait_procs(left)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.name() == self.program and Path(process.cwd()).is_relative_to(self.home)
        except psutil.Error:  # it has ended, or belongs to another user
            return False
