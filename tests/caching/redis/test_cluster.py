"""A cluster whose nodes are killed, hang, restart, and move slots to each other."""

from __future__ import annotations

import time

import psutil
import pytest
from redis.crc import key_slot

from caching.conf import RedisConf
from caching.errors import RedisRefused, RedisUnavailable
from caching.redis.scripts import Script, ScriptCall
from caching.redis.topology import make_backend
from tests.support.redis_cluster import SLOTS, Cluster
from tests.support.waiting import until

SET = Script.of("return redis.call('SET', KEYS[1], ARGV[1])")
KEYS = [f"key:{i}" for i in range(60)]


def test_cluster_whose_nodes_do_not_start_leaves_no_process():
    before = {process.pid for process in psutil.Process().children()}
    with pytest.raises(RuntimeError, match="ended while it started"):
        Cluster(maxmemory="perhaps")
    assert {process.pid for process in psutil.Process().children()} <= before


def seconds(call, *args):
    began = time.perf_counter()
    with pytest.raises(RedisUnavailable):
        call(*args)
    return time.perf_counter() - began


@pytest.fixture(scope="module")
def shared():
    """Return a cluster that tests leave unchanged."""
    cluster = Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture
def own():
    """Return a cluster for one test, whose other nodes continue to serve when one is unavailable."""
    cluster = Cluster(cluster_require_full_coverage="no", cluster_node_timeout="1000")
    yield cluster
    cluster.remove()


def connected(cluster, url="redis://ignored/0", **options):
    return make_backend(RedisConf(url, cluster=cluster.addresses, **options))


@pytest.fixture
def redis(shared):
    backend = connected(shared)
    yield backend
    backend.close()
    for port in shared.ports:
        with shared.client(port) as client:
            client.flushall()


def node_of(cluster, key):
    """Return the port of the node that holds a key's slot before any slot is moved."""
    return cluster.ports[key_slot(key.encode()) * len(cluster.ports) // SLOTS]


def keys_of(cluster, port):
    return [key for key in KEYS if node_of(cluster, key) == port]


def test_commands_and_scripts_reach_the_nodes_of_their_keys(shared, redis):
    assert redis.commands(*(("SET", key, key) for key in KEYS)) == [b"OK"] * len(KEYS)
    assert redis.run(*(ScriptCall(SET, [key], [f"{key}!"]) for key in KEYS)) == [b"OK"] * len(KEYS)
    assert redis.read(*KEYS, "none") == [*(f"{key}!".encode() for key in KEYS), None]
    assert set(redis.scan("key:*")) == set(KEYS)
    for port in shared.ports:
        with shared.client(port) as client:
            assert client.dbsize() == len(keys_of(shared, port)) + 1, "and where the node's run is recorded"


def test_nothing_is_sent_before_the_first_command():
    make_backend(RedisConf("redis://ignored", cluster=["127.0.0.1:1", "no-such-host.invalid:7000"]))


def test_start_node_is_named_by_a_word_or_a_url(shared):
    for form in ("127.0.0.1:{}", "redis://127.0.0.1:{}"):
        backend = make_backend(RedisConf("redis://", cluster=[form.format(shared.ports[0])]))
        assert backend.read(*KEYS) == [None] * len(KEYS)
        backend.close()


def test_start_nodes_that_are_dead_are_passed_over(shared):
    dead = [("127.0.0.1", 1), ("127.0.0.1", 2)]
    backend = make_backend(RedisConf("redis://", cluster=[*dead, *shared.addresses]))
    assert backend.read(*KEYS) == [None] * len(KEYS)
    backend.close()


def test_error_of_one_command_is_a_refusal(redis):
    redis.commands(("SET", "key:1", 1))
    with pytest.raises(RedisRefused):
        redis.commands(("LPUSH", "key:1", 1))
    with pytest.raises(RedisRefused):
        redis.run(ScriptCall(Script.of("return redis.call('GET')"), ["key:1"]))
    assert redis.breaks == 0


@pytest.mark.parametrize("by", ["url", "options"])
def test_password_of_a_cluster_reaches_every_node(by):
    cluster = Cluster(requirepass="a@b", masterauth="a@b")
    url, options = ("redis://:a%40b@ignored", {}) if by == "url" else ("redis://", {"password": "a@b"})
    backend = connected(cluster, url, **options)
    assert backend.read(*KEYS) == [None] * len(KEYS)
    with pytest.raises(RedisUnavailable):
        connected(cluster).read(*KEYS)
    backend.close()
    cluster.remove()


def test_node_that_is_dead_fails_its_keys_alone_and_at_once(own):
    redis = connected(own)
    redis.read(*KEYS)
    own.kill(own.ports[0])
    lost, others = keys_of(own, own.ports[0]), keys_of(own, own.ports[1])
    for _ in range(5):
        assert seconds(redis.read, *lost) < 0.3
        began = time.perf_counter()
        assert redis.read(*others) == [None] * len(others)
        assert time.perf_counter() - began < 0.1
    assert redis.breaks
    with pytest.raises(RedisUnavailable):
        redis.reconnect()
    own.restart(own.ports[0])
    until(own.is_complete)
    redis.reconnect()
    assert redis.read(*KEYS) == [None] * len(KEYS)
    redis.close()


def test_node_that_hangs_costs_one_request_one_timeout(own):
    redis = connected(own)
    redis.read(*KEYS)
    own.stop(own.ports[0])
    lost, others = keys_of(own, own.ports[0]), keys_of(own, own.ports[1])
    assert seconds(redis.read, *lost) < 0.8
    began = time.perf_counter()
    assert redis.read(*others) == [None] * len(others)
    assert time.perf_counter() - began < 0.1
    assert seconds(redis.read, *lost) < 0.5
    own.cont(own.ports[0])
    redis.close()


@pytest.mark.parametrize("end", [Cluster.kill, Cluster.stop], ids=["dead", "hung"])
@pytest.mark.parametrize("known", [False, True], ids=["at first", "later"])
def test_whole_cluster_away_costs_less_than_a_second_and_then_nothing(own, end, known):
    redis = connected(own)
    if known:
        redis.read(*KEYS)
    for port in own.ports:
        end(own, port)
    assert seconds(redis.read, *KEYS) < 1
    assert seconds(redis.read, *KEYS) < 0.7
    assert seconds(redis.run, ScriptCall(SET, ["key:1"], [1])) < 0.7
    with pytest.raises(RedisUnavailable):
        redis.reconnect()


def test_whole_cluster_that_was_away_at_first_is_found_when_it_is_back(own):
    redis = connected(own)
    for port in own.ports:
        own.kill(port)
    assert seconds(redis.read, *KEYS) < 1
    for port in own.ports:
        own.restart(port)
    until(own.is_complete)
    redis.reconnect()
    assert redis.read(*KEYS) == [None] * len(KEYS)
    redis.close()


def test_node_that_restarted_is_cleared(own):
    redis = connected(own)
    redis.commands(*(("SET", key, 1) for key in KEYS))
    node = own.ports[0]
    with own.client(node) as client:
        client.save()
    own.kill(node)
    own.restart(node)
    until(own.is_complete)
    redis.reconnect()
    cleared = keys_of(own, node)
    assert redis.read(*KEYS) == [None if key in cleared else b"1" for key in KEYS]
    redis.close()


def test_slot_that_moves_is_followed_while_it_moves_and_afterwards(own):
    redis, other = connected(own), connected(own)
    assert other.read(*KEYS) == [None] * len(KEYS)
    key, absent = "{move}:here", "{move}:absent"
    slot = key_slot(key.encode())
    source, target = node_of(own, key), own.add_node()
    redis.commands(("SET", key, 1))
    with own.client(source) as old, own.client(target) as new:
        source_id, target_id = (client.execute_command("CLUSTER", "MYID") for client in (old, new))
        new.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
        old.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
        assert redis.read(key) == [b"1"]
        assert redis.run(ScriptCall(SET, [absent], [2])) == [b"OK"], "by ASK"
        assert redis.commands(("GET", absent)) == [b"2"], "by ASK"
        with pytest.raises(RedisUnavailable):
            redis.read(key, absent)  # neither node has both
        old.execute_command("MIGRATE", "127.0.0.1", target, key, 0, 1000)
        for client in (new, old):
            client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", target_id)
        assert redis.read(key, absent) == [b"1", b"2"], "by MOVED"
        assert other.run(ScriptCall(SET, [key], [3])) == [b"OK"], "by MOVED"
        with own.client(target) as client:
            assert client.get(key) == b"3"
    redis.close()
    other.close()


def test_nodes_that_are_named_by_their_tls_ports_are_reached_by_tls(certificate):
    try:
        cluster = Cluster(tls=certificate)
    except RuntimeError as error:
        pytest.skip(f"this redis-server has no TLS: {error}")
    addresses = [("127.0.0.1", port) for port in cluster.tls_ports.values()]
    trusting = f"rediss://ignored/0?ssl_ca_certs={certificate['tls_ca_cert_file']}"
    redis = make_backend(RedisConf(trusting, cluster=addresses))
    assert redis.run(*(ScriptCall(SET, [key], [key]) for key in KEYS)) == [b"OK"] * len(KEYS)
    assert redis.read(*KEYS) == [key.encode() for key in KEYS]
    redis.close()
    with pytest.raises(RedisUnavailable):
        make_backend(RedisConf("rediss://ignored/0", cluster=addresses)).read(*KEYS)
    cluster.remove()
