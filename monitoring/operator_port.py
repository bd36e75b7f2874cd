"""A port of its own for operators (OPERATOR_PORT): health and metrics, answered by any kind of process.

A Celery worker has no other; a web process of any server answers here while all its threads hang. Several
processes may share one port: the system gives each connection to one of them.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings

from monitoring.metrics import CONTENT_TYPE, exposition
from monitoring.probes import UNSERVED, report
from monitoring.views.metrics import LOOPBACK, may_read

logger = logging.getLogger(__name__)
JSON = "application/json"
REQUEST_SECONDS = 10  # for a client to send its request


class Handler(BaseHTTPRequestHandler):
    """Answers GET /health/live, /health/ready and /metrics."""

    timeout = REQUEST_SECONDS

    def do_GET(self) -> None:
        match self.path:
            case "/health/live":
                self._answer(200, JSON, b'{"status": "ok"}')
            case "/health/ready":
                found = report()
                body = json.dumps(found._asdict()).encode()
                self._answer(503 if found.status in UNSERVED else 200, JSON, body)
            case "/metrics" if settings.METRICS_ENABLED:
                self._metrics()
            case _:
                self._answer(404, "text/plain", b"Only health and metrics are here.\n")

    def _metrics(self) -> None:
        local = self.client_address[0] in LOOPBACK
        if may_read(self.headers.get("Authorization", ""), is_local=local):
            self._answer(200, CONTENT_TYPE, exposition())
        else:
            self._answer(401, "text/plain", b"Metrics need the token of METRICS_TOKEN.\n")

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name in the base class)
        logger.debug(format, *args)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


def serve(**_: Any) -> None:
    """Answer on OPERATOR_PORT, in a thread, until the process ends; nothing, if it is not set."""
    if settings.OPERATOR_PORT:
        server = Server((settings.OPERATOR_HOST, settings.OPERATOR_PORT), Handler)
        threading.Thread(target=server.serve_forever, name="operators", daemon=True).start()


def serve_in_forks() -> None:
    """Answer in this process and in its forks: a server may load the application before it forks."""
    serve()
    os.register_at_fork(after_in_child=serve)
