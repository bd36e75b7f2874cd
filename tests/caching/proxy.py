"""A TCP proxy before a server that passes, hangs, refuses or cuts."""

from __future__ import annotations

import contextlib
import socket
import threading

CHUNK_BYTES = 65536


class Proxy:
    """Stands before a server on loopback.

    Args:
        target: the server's port, or the path of its Unix socket.

    Modes:
        ``pass``: forwards.
        ``hang``: accepts and never answers; what was sent meanwhile is delivered late, on ``pass``.
        ``refuse``: nobody listens, and what was open is closed.
        ``cut``: what was open is closed, and each new connection at once.

    Attributes:
        accepted: how many connections have been accepted.
        target: as given.
    """

    def __init__(self, target: int | str) -> None:
        self.accepted = 0
        self.target = target
        self._mode = "pass"
        self._changed = threading.Condition()
        self._lose_after: bytes | None = None
        self._losing: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._listen()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/1"

    @property
    def mode(self) -> str:
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if self._mode == "refuse" and mode != "refuse":
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listen()
        elif mode == "refuse" and self._mode != "refuse":
            _close(self._listener)
        with self._changed:
            self._mode = mode
            self._changed.notify_all()
        if mode in {"refuse", "cut"}:
            self._cut()

    def lose_the_answer_to(self, word: bytes) -> None:
        """Forward the next request that holds ``word``, and cut the connection instead of answering."""
        self._lose_after = word

    def close(self) -> None:
        """Listen no more, and cut what is open."""
        self.mode = "refuse"

    def _cut(self) -> None:
        for end in list(self._open):
            _close(end)

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self._mode in {"cut", "refuse"}:
                client.close()
                continue
            try:
                server = _connect(self.target)
            except OSError:  # the server is away itself
                client.close()
                continue
            self._open |= {client, server}
            for ends in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, request: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                with self._changed:
                    self._changed.wait_for(lambda: self._mode != "hang")
                if source in self._losing:  # it has been carried out, but nobody shall hear of it
                    self._losing.discard(source)
                    break
                if request and self._lose_after and self._lose_after in data:
                    self._lose_after = None
                    self._losing.add(sink)
                sink.sendall(data)
        for end in (source, sink):
            self._open.discard(end)
            _close(end)


def _connect(target: int | str) -> socket.socket:
    if isinstance(target, int):
        return socket.create_connection(("127.0.0.1", target))
    end = socket.socket(socket.AF_UNIX)
    end.connect(target)
    return end


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
