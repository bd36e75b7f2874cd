"""gunicorn as it is configured, with one worker."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection

from django.db import connection

from config.environment import ROOT
from tests.support.processes import child_environment
from tests.support.waiting import until


def get(port, path, method="GET", **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextmanager
def gunicorn(log, *, keepalive=75, **variables):
    """Serve with one worker of two threads. Yield the port and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"--workers 1 --threads 2 --keep-alive {keepalive} --bind 127.0.0.1:{port}"
    words = f"-m gunicorn {options} config.wsgi:application"
    rates = {"THROTTLE_ANON": "off", "THROTTLE_USER": "off"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *words.split()],
            cwd=ROOT,
            env=child_environment(**rates, **variables),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: process.poll() is not None or is_live(port))
        assert process.poll() is None, log.read_text()
        yield port, process
    finally:
        process.terminate()
        process.wait(60)


def is_live(port):
    try:
        return get(port, "/health/live")[0] == 200
    except OSError:
        return False


def waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]
