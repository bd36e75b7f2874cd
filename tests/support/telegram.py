"""A Bot API server on loopback: it is as strict about the wire as Telegram, fails on demand, and counts.

Its next faults wait in a queue: ``telegram.next(Fault(status=429, retry_after=3))``.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BOT_TOKEN = "123456:" + "A" * 35
SECRET = "bot-secret_" + "x" * 20
PATH = re.compile(r"/bot(?P<token>[0-9]+:[A-Za-z0-9_-]{35})/(?P<method>[A-Za-z]+)")
KNOWN = {
    "sendMessage": {"chat_id", "text"},
    "setWebhook": {"url", "secret_token", "allowed_updates"},
    "deleteWebhook": set(),
    "getWebhookInfo": set(),
}


@dataclass(frozen=True)
class Fault:
    """How one call fails. ``lost``: it is carried out, but the connection breaks before the answer."""

    status: int = 200
    retry_after: int | None = None
    body: bytes | None = None
    lost: bool = False


class BadRequestError(Exception):
    """What Telegram answers with 400."""


class FakeTelegram:
    """``messages`` are the (chat, text) that were delivered, in order.

    ``calls`` counts all attempts, ``hung_up`` the answers for which the client no longer waited.
    """

    def __init__(self) -> None:
        self.messages: list[tuple[int, str]] = []
        self.blocked_by: set[int] = set()
        self.webhook: dict[str, object] = {"url": ""}
        self.calls = 0
        self.hung_up = 0
        self.answering = threading.Event()  # clear it: calls are carried out, their answers wait
        self.answering.set()
        self._faults: deque[Fault] = deque()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FakeTelegram:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next(self, *faults: Fault) -> None:
        """Have the next calls fail, one fault each."""
        self._faults.extend(faults)

    def texts_to(self, chat_id: int) -> list[str]:
        return [text for chat, text in self.messages if chat == chat_id]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        telegram = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fault, status, answer = telegram._serve(self.path, self.headers["Content-Type"], body)
                telegram.answering.wait()
                self.close_connection = True
                if fault.lost:
                    return
                text = fault.body if fault.body is not None else json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except ConnectionError:
                    telegram.hung_up += 1  # the caller was killed while it waited

            def log_message(self, *_: object) -> None:
                """The tests' output is not its place."""

        return Handler

    def _serve(self, path: str, content_type: str | None, body: bytes) -> tuple[Fault, int, dict]:
        with self._lock:
            self.calls += 1
            fault = self._faults.popleft() if self._faults else Fault()
            if fault.status != 200:
                more = {} if fault.retry_after is None else {"parameters": {"retry_after": fault.retry_after}}
                return fault, fault.status, _failure(fault.status, "A fault on demand", **more)
            try:
                return fault, *self._call(path, content_type, body)
            except BadRequestError as error:
                return fault, 400, _failure(400, f"Bad Request: {error}")

    def _call(self, path: str, content_type: str | None, body: bytes) -> tuple[int, dict]:
        address = PATH.fullmatch(path)
        if address is None:
            return 404, _failure(404, "Not Found")
        if address["token"] != BOT_TOKEN:
            return 401, _failure(401, "Unauthorized")
        parameters = _parameters(address["method"], content_type, body)
        if parameters.get("chat_id") in self.blocked_by:
            return 403, _failure(403, "Forbidden: bot was blocked by the user")
        return 200, {"ok": True, "result": METHODS[address["method"]](self, **parameters)}

    def send_message(self, chat_id: int, text: str) -> dict:
        if type(chat_id) is not int or chat_id <= 0:
            raise BadRequestError("chat not found")
        if type(text) is not str or not text.strip():
            raise BadRequestError("message text is empty")
        if len(text) > 4096:
            raise BadRequestError("message is too long")
        self.messages.append((chat_id, text))
        return {"message_id": len(self.messages), "chat": {"id": chat_id, "type": "private"}, "text": text}

    def set_webhook(self, url: str, secret_token: str, allowed_updates: list[str]) -> bool:
        if not url.startswith("https://"):
            raise BadRequestError("bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret_token):
            raise BadRequestError("secret token contains unallowed characters")
        self.webhook = {"url": url, "secret_token": secret_token, "allowed_updates": allowed_updates}
        return True

    def delete_webhook(self) -> bool:
        self.webhook = {"url": ""}
        return True

    def get_webhook_info(self) -> dict:
        info = {name: value for name, value in self.webhook.items() if name != "secret_token"}
        return {**info, "has_custom_certificate": False, "pending_update_count": 0}


METHODS = {
    "sendMessage": FakeTelegram.send_message,
    "setWebhook": FakeTelegram.set_webhook,
    "deleteWebhook": FakeTelegram.delete_webhook,
    "getWebhookInfo": FakeTelegram.get_webhook_info,
}


def _parameters(method: str, content_type: str | None, body: bytes) -> dict:
    if method not in KNOWN:
        raise BadRequestError(f"method {method} not found")
    if content_type != "application/json":
        raise BadRequestError(f"unsupported content type {content_type}")
    parameters = json.loads(body)
    if set(parameters) - KNOWN[method]:
        raise BadRequestError(f"unknown parameters {set(parameters) - KNOWN[method]}")
    return parameters


def _failure(code: int, description: str, **more: object) -> dict:
    return {"ok": False, "error_code": code, "description": description, **more}
