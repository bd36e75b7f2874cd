"""A TCP proxy that forwards, hangs, refuses or cuts connections."""

from __future__ import annotations

import contextlib
import socket
import threading

CHUNK_BYTES = 65536


class Proxy:
    """A proxy in front of a server on loopback.

    Args:
        target: the server's port, or the path of its Unix socket.

    Modes:
        ``pass``: forward.
        ``hang``: accept and never answer; what was sent is delivered late, when the mode is ``pass``.
        ``refuse``: do not listen, and close open connections.
        ``cut``: close open connections, and each new connection at once.

    Attributes:
        accepted: the number of accepted connections.
        target: the argument.
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
        """Forward the next request that contains ``word``, then cut its connection instead of answering."""
        self._lose_after = word

    def close(self) -> None:
        """Stop listening, and cut open connections."""
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
            except OSError:  # the server itself is not running
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
                if source in self._losing:  # the server ran it, but the client must not get the answer
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
