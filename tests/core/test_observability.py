"""Sentry and OpenTelemetry, switched on by variables: no secret is sent, and what is missing is a line."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import pytest

from config.environment import ROOT
from tests.support.processes import child_environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PACKAGES = {
    "SENTRY_DSN": "sentry_sdk",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "opentelemetry",
    "MEDIA_BUCKET": "storages",
}
# A request whose view fails, with secrets wherever a request can have some.
PROGRAM = """
import django
django.setup()
from django.test import Client
from monitoring.views import health
def fail(*_):
    password = "s3cret-local"
    raise RuntimeError("a bug")
health.report = fail
headers = {"authorization": "Token s3cret-header", "host": "localhost"}
client = Client(raise_request_exception=False, headers=headers)
client.cookies["sessionid"] = "s3cret-cookie"
assert client.get("/health/ready?key=s3cret-query").status_code == 500
assert client.get("/topics/").status_code == 302
"""


@pytest.fixture
def receiver():
    """An HTTP server that takes whatever is sent. Yields its address and the bodies."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"127.0.0.1:{server.server_port}", bodies
        server.shutdown()


def run(*words, **variables):
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=child_environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not find_spec("sentry_sdk"), reason="needs requirements-observability.txt")
def test_an_error_is_sent_to_sentry_without_secrets(receiver):
    address, bodies = receiver
    done = run("-c", PROGRAM, SENTRY_DSN=f"http://key@{address}/1", DEBUG="0")
    assert done.returncode == 0, done.stderr
    sent = b"".join(bodies)
    assert b"RuntimeError" in sent
    assert b"/health/ready" in sent  # the route
    assert b"s3cret" not in sent


@pytest.mark.skipif(not find_spec("opentelemetry"), reason="needs requirements-observability.txt")
def test_requests_are_sent_as_traces(receiver):
    address, bodies = receiver
    done = run("-c", PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{address}")
    assert done.returncode == 0, done.stderr
    sent = b"".join(bodies)
    assert b"GET topics/" in sent
    assert b"health" not in sent
    assert b"s3cret" not in sent


@pytest.mark.parametrize("variable", PACKAGES)
def test_what_is_switched_on_but_not_installed_is_one_line(variable):
    if find_spec(PACKAGES[variable]):
        pytest.skip("it is installed here")
    done = run("manage.py", "check", **{variable: "http://key@127.0.0.1:1/1"})
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert f"{variable} " in done.stderr
    assert "pip install -r requirements-" in done.stderr
