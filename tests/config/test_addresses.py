"""Addresses of Redis as the environment gives them, and as Celery reads them."""

from __future__ import annotations

import json
import subprocess
import sys

import kombu
import pytest
import redis

from config import addresses
from config.environment import ROOT
from tests.caching.redis_process import RedisProcess
from tests.support.processes import child_environment
from tests.support.redis_sentinel import MASTER, Sentinel

SETTINGS = """
import json
from config import settings
print(json.dumps([settings.REDIS_URL, settings.CELERY_BROKER_URL, settings.CACHING["SENTINELS"]]))
"""


def settings_with(**environment):
    env = {**child_environment(), "CELERY_BROKER_URL": "", **environment}
    done = subprocess.run([sys.executable, "-c", SETTINGS], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("given", "cache", "broker"),
    [
        ("redis://host", "redis://host/1", "redis://host/0"),
        ("redis://host/", "redis://host/1", "redis://host/0"),
        ("redis://host/3", "redis://host/3", "redis://host/0"),
        ("redis://:p%40@host:7?db=3", "redis://:p%40@host:7?db=3", "redis://:p%40@host:7/0"),
        ("rediss://host", "rediss://host/1", "rediss://host/0?ssl_cert_reqs=required"),
        (
            "rediss://host/1?ssl_cert_reqs=none",
            "rediss://host/1?ssl_cert_reqs=none",
            "rediss://host/0?ssl_cert_reqs=none",
        ),
        ("unix:///r.sock", "unix:///r.sock?db=1", "redis+socket:///r.sock?virtual_host=0"),
        ("unix://u:p@/r.sock?db=2", "unix://u:p@/r.sock?db=2", "redis+socket://u:p@/r.sock?virtual_host=0"),
    ],
)
def test_cache_and_broker_are_put_apart(given, cache, broker):
    assert settings_with(REDIS_URL=given)[:2] == [cache, broker]


def test_credentials_beside_the_url_reach_the_broker_too():
    found = settings_with(REDIS_URL="redis://host", REDIS_USERNAME="me", REDIS_PASSWORD="a@b/c")
    assert found[:2] == ["redis://me:a%40b%2Fc@host/1", "redis://me:a%40b%2Fc@host/0"]
    assert settings_with(REDIS_URL="redis://:own@host", REDIS_PASSWORD="other")[0] == "redis://:own@host/1"


@pytest.mark.parametrize(
    ("given", "broker"),
    [
        ("redis://host?db=2", "redis://host/2"),
        ("redis://host", "redis://host/0"),
        ("sentinel://a:1;sentinel://b:2/3", "sentinel://a:1/3;sentinel://b:2/3"),
    ],
)
def test_address_of_the_broker_is_as_celery_reads_it(given, broker):
    assert settings_with(REDIS_URL="redis://host", CELERY_BROKER_URL=given)[1] == broker


def test_sentinels_are_pairs_or_urls():
    words = "10.0.0.1:26379, [::1]:7, rediss://:p@host"
    assert settings_with(REDIS_URL="redis://host", REDIS_SENTINELS=words)[2] == [
        ["10.0.0.1", 26379],
        ["::1", 7],
        "rediss://:p@host",
    ]


def test_server_without_a_port_is_refused():
    with pytest.raises(SystemExit, match="host:port"):
        addresses.servers(["host"])


# --- What Celery makes of them --------------------------------------------------------------------


def publish(url, **options):
    with kombu.Connection(addresses.for_celery(url), transport_options=options) as connection:
        queue = connection.SimpleQueue("room")
        queue.put("hello")
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
        return message.payload


@pytest.fixture
def server(tmp_path):
    process = RedisProcess(tmp_path, unixsocket=str(tmp_path / "socket"), requirepass="a@b")
    yield process
    process.remove()


@pytest.mark.parametrize(
    "form",
    ["redis://:a%40b@127.0.0.1:{port}?db=3", "unix://:a%40b@{folder}/socket?db=3"],
    ids=["tcp", "unix"],
)
def test_celery_reaches_the_database_of_each_form(server, form):
    assert publish(form.format(port=server.port, folder=server.folder)) == "hello"
    with redis.Redis(port=server.port, password="a@b") as client:
        assert set(client.info("keyspace")) == {"db3"}


def test_celery_reaches_the_master_that_sentinels_name(server, tmp_path):
    sentinel = Sentinel("127.0.0.1", server.port, tmp_path, master_password="a@b")
    url = f"sentinel://:a%40b@127.0.0.1:1;sentinel://:a%40b@127.0.0.1:{sentinel.port}/3"
    assert publish(url, master_name=MASTER) == "hello"
    sentinel.kill()
    with redis.Redis(port=server.port, password="a@b") as client:
        assert set(client.info("keyspace")) == {"db3"}
