"""What must not be lost, in a Redis of every form of address."""

from __future__ import annotations

import kombu
import pytest

from caching.errors import RedisUnavailable
from config import addresses
from core import redis_state
from tests.caching.redis_process import RedisProcess
from tests.support.redis_sentinel import MASTER, Sentinel

FORMS = {
    "tcp": "redis://:a%40b@127.0.0.1:{port}/3",
    "query": "redis://:a%40b@127.0.0.1:{port}?db=3",
    "unix": "unix://:a%40b@{folder}/socket?db=3",
    "celery's unix": "redis+socket://:a%40b@{folder}/socket?virtual_host=3",
    "sentinel": "sentinel://:a%40b@127.0.0.1:1;sentinel://:a%40b@127.0.0.1:{sentinel}/3",
}


@pytest.fixture
def server(tmp_path):
    process = RedisProcess(tmp_path, save="900 1", unixsocket=str(tmp_path / "socket"), requirepass="a@b")
    yield process
    process.remove()


@pytest.fixture
def sentinel(server, tmp_path):
    made = Sentinel("127.0.0.1", server.port, tmp_path, password="other", master_password="a@b")
    yield made
    made.kill()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_state_lies_where_celery_has_its_queue(settings, server, sentinel, form):
    url = form.format(port=server.port, folder=server.folder, sentinel=sentinel.port)
    options = {"master_name": MASTER, "sentinel_kwargs": {"password": "other"}}
    settings.CELERY_BROKER_URL = url
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = options
    redis_state.server().command("SET", "state", 1)
    assert redis_state.client().get("state") == b"1"
    with kombu.Connection(addresses.for_celery(url), transport_options=options) as connection:
        connection.SimpleQueue("queue").put("hello")
    with server.client(db=3) as client:
        assert sorted(client.keys("[qs]*")) == [b"queue", b"state"]
    redis_state.client().close()


def test_state_survives_a_restart(settings, server):
    settings.CELERY_BROKER_URL = FORMS["tcp"].format(port=server.port)
    state = redis_state.server()
    state.command("SET", "state", 1)
    state.command("SAVE")
    server.kill()
    server.start()
    assert state.command("GET", "state") == b"1"
    assert list(state.scan("*")) == ["state"]


def test_breaker_opens_while_it_is_away(settings, server):
    settings.CELERY_BROKER_URL = FORMS["tcp"].format(port=server.port)
    state = redis_state.server()
    server.kill()
    for _ in range(3):
        with pytest.raises(RedisUnavailable):
            state.command("PING")
    assert state.breaker.is_open
    server.start()
    state.reconnect()
