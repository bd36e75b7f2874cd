"""Fixtures for servers of a test's own, and clients of them."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from caching.conf import RedisConf
from caching.redis.topology import make_backend
from tests.caching.proxy import Proxy
from tests.caching.redis_process import RedisProcess


@pytest.fixture
def server(tmp_path):
    """Return a redis-server. Calling it starts another one with options."""
    with contextlib.ExitStack() as stack:

        def start(**options):
            folder = tmp_path / f"redis-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            process = RedisProcess(folder, **options)
            stack.callback(process.remove)
            return process

        yield start


@pytest.fixture
def client():
    """Return a function that makes clients of a URL or a configuration; they are closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(url, *, distrust=True, slow_seconds=float("inf"), **options):
            backend = make_backend(RedisConf(url, **options), distrust=distrust, slow_seconds=slow_seconds)
            stack.callback(backend.close)
            return backend

        yield make


@pytest.fixture
def certificate(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("a certificate is made by openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", key, "-out", certificate]
    subprocess.run([*words.split(), *names, *files], check=True, capture_output=True)
    return {"tls_cert_file": str(certificate), "tls_key_file": str(key), "tls_ca_cert_file": str(certificate)}


@pytest.fixture
def proxy_to():
    """Return a function that makes a proxy in front of a server."""
    with contextlib.ExitStack() as stack:

        def make(port):
            proxy = Proxy(port)
            stack.callback(proxy.close)
            return proxy

        yield make


def in_threads(*calls):
    """Run each call in a thread of its own, and return their results. They use no database."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]
