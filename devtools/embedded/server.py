"""A server as a child of its watchdog."""

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import psutil

START_SECONDS = 60
STOP_SECONDS = 20
START_ATTEMPTS = 3


class Server(ABC):
    """The server whose data and log are in ``home``."""

    program: str
    address: str
    advice = ""  # for when it does not start
    process: subprocess.Popen[bytes]

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "log"

    @abstractmethod
    def command(self, attempt: int) -> list[str]:
        """Prepare the home, set the address, and return the command that starts the server."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether this process answers at the address."""

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            SystemExit: it does not; with the name of its log.
        """
        deadline = time.monotonic() + START_SECONDS
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        for attempt in range(START_ATTEMPTS):
            self._kill_leftovers()
            command = self.command(attempt)
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    command, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            while self.process.poll() is None and time.monotonic() < deadline:
                if self.answers():
                    return
                time.sleep(0.02)
        self.stop()
        raise SystemExit(f"{self.program} did not start; its log is {self.log}.{self.advice}")

    def stop(self) -> None:
        """Let it end its sessions and write its data; kill it if that takes too long."""
        self.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.process.kill()
        self.process.wait()

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
