"""A mail server on loopback that takes mails, refuses them, or breaks off where a test says."""

from __future__ import annotations

import socketserver
import threading

GOOD = {"CONNECT": "220 here", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 taken"}
HANG_UP = ""


class FakeSMTP:
    """``mails`` are the texts that were taken. ``answers`` replaces an answer by its command; "."
    is the one to a mail's end, and ``HANG_UP`` is none. While ``answering`` is cleared the server
    accepts connections and is silent.
    """

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.answers = {**GOOD, "EHLO": "250 hello", "RSET": "250 ok", "QUIT": "221 bye"}
        self.answering = threading.Event()
        self.answering.set()
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def __enter__(self) -> FakeSMTP:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        smtp = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                command = "CONNECT"
                while self._answer(command):
                    if command == "DATA" and smtp.answers["DATA"].startswith("354"):
                        smtp.mails.append(self._mail())
                        command = "."
                        continue
                    line = self.rfile.readline().decode()
                    if not line or command == "QUIT":
                        return
                    command = line[:4].upper()

            def _answer(self, command: str) -> bool:
                smtp.answering.wait()
                answer = smtp.answers[command]
                if answer:
                    try:
                        self.wfile.write(f"{answer}\r\n".encode())
                    except ConnectionError:  # the client no longer waited
                        return False
                return bool(answer)

            def _mail(self) -> str:
                lines = iter(self.rfile.readline, b".\r\n")
                return b"".join(lines).decode()

        return Handler
