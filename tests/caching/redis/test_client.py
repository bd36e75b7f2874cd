"""The client of one server: what it repeats, what fails, and how long that takes."""

from __future__ import annotations

import os
import signal
import socketserver
import threading
import time

import pytest

from caching.errors import RedisRefused, RedisUnavailable
from caching.redis.scripts import Script, ScriptCall
from tests.caching.redis.conftest import in_threads

ECHO = Script.of("return ARGV[1]")
WRITE = Script.of("return redis.call('SET', KEYS[1], ARGV[1])")


def seconds(call, *args):
    began = time.perf_counter()
    with pytest.raises(RedisUnavailable):
        call(*args)
    return time.perf_counter() - began


@pytest.fixture
def redis(server, client):
    process = server()
    return client(process.url)


@pytest.fixture
def proxied(server, client, proxy_to):
    """Return a client that reaches its server through a proxy, and the proxy."""
    proxy = proxy_to(server().port)
    return client(proxy.url), proxy


def test_commands_are_answered_in_order_and_values_read(redis):
    assert redis.commands(("SET", "a", 1), ("GET", "a"), ("INCR", "a")) == [b"OK", b"1", 2]
    assert redis.read("a", "none") == [b"2", None]


def test_script_is_sent_by_its_text_once(redis):
    for _ in range(2):
        assert redis.run(ScriptCall(WRITE, ["a"], [1]), ScriptCall(ECHO, [], ["x"])) == [b"OK", b"x"]
    stats = redis.command("INFO", "commandstats").decode()
    assert "cmdstat_eval:calls=3," in stats, "two scripts and the one that compares the run"
    redis.command("SCRIPT", "FLUSH")
    assert redis.run(ScriptCall(ECHO, [], ["x"])) == [b"x"]


def test_scan_yields_every_key_that_matches(redis):
    redis.commands(*(("SET", f"key:{i}", 1) for i in range(2_500)))
    assert sorted(redis.scan("key:*")) == sorted(f"key:{i}" for i in range(2_500))


@pytest.mark.parametrize("mode", ["hang", "refuse", "cut"])
def test_server_that_is_away_costs_less_than_a_second(proxied, mode):
    redis, proxy = proxied
    redis.command("PING")
    proxy.mode = mode
    assert seconds(redis.command, "PING") < 0.8
    assert seconds(redis.command, "PING") < 0.8
    proxy.mode = "pass"
    assert redis.command("PING") == b"PONG"


def test_connection_closed_while_idle_is_replaced_without_an_error(proxied):
    redis, proxy = proxied
    redis.command("PING")
    proxy.mode = "cut"
    proxy.mode = "pass"
    assert redis.command("PING") == b"PONG"
    assert redis.breaks == 1


def test_command_is_sent_once_more_on_a_connection_that_was_idle_and_not_on_a_new_one(proxied):
    redis, proxy = proxied
    redis.command("PING")
    proxy.lose_the_answer_to(b"INCR")
    assert redis.command("INCR", "n") == 2
    redis.close()
    proxy.lose_the_answer_to(b"INCR")
    with pytest.raises(RedisUnavailable):
        redis.command("INCR", "n")
    assert redis.command("GET", "n") == b"3"


def test_break_is_counted_for_each_failure(proxied):
    redis, proxy = proxied
    redis.command("PING")
    assert redis.breaks == 0
    proxy.mode = "hang"
    seconds(redis.command, "PING")
    assert redis.breaks == 1


def test_server_that_restarted_is_cleared_once(server, client):
    process = server(save="900 1")
    redis = client(process.url)
    redis.command("SET", "a", 1)
    redis.command("SAVE")
    process.kill()
    process.start()
    assert redis.command("GET", "a") is None
    redis.command("SET", "a", 2)
    redis.close()
    assert redis.command("GET", "a") == b"2"


def test_server_that_restarted_is_left_as_it_is_where_its_data_must_survive(server, client):
    process = server(save="900 1")
    redis = client(process.url, distrust=False)
    redis.command("SET", "a", 1)
    redis.command("SAVE")
    process.kill()
    process.start()
    assert redis.command("GET", "a") == b"1"
    assert sorted(redis.scan("*")) == ["a"]


@pytest.mark.parametrize(
    "words", [("LPUSH", "text", 1), ("NO-SUCH-COMMAND",), ("EVAL", "return redis.call('GET')", 0)]
)
def test_error_of_one_command_is_a_refusal_and_keeps_the_connection(redis, words):
    redis.command("SET", "text", 1)
    with pytest.raises(RedisRefused):
        redis.commands(("PING",), words, ("PING",))
    assert redis.breaks == 0
    assert redis.command("GET", "text") == b"1"


@pytest.mark.parametrize("write", [("SET", "b", 1), ScriptCall(WRITE, ["b"], [1])], ids=["plain", "script"])
@pytest.mark.parametrize(
    ("setting", "value"), [("maxmemory", "1"), ("min-replicas-to-write", "1")], ids=["OOM", "NOREPLICAS"]
)
def test_server_that_refuses_writes_is_unavailable_to_writers_alone(redis, setting, value, write):
    redis.command("SET", "a", 1)
    redis.command("CONFIG", "SET", setting, value)
    send = redis.run if isinstance(write, ScriptCall) else redis.commands
    with pytest.raises(RedisUnavailable) as raised:
        send(write)
    assert not isinstance(raised.value, RedisRefused)
    assert redis.read("a") == [b"1"]
    assert redis.breaks == 0


@pytest.mark.parametrize("write", [("SET", "b", 1), ScriptCall(WRITE, ["b"], [1])], ids=["plain", "script"])
def test_connection_to_a_server_that_became_a_replica_is_given_up(server, client, write):
    master, other = server(), server()
    redis = client(other.url, distrust=False)
    redis.command("PING")
    redis.command("REPLICAOF", "127.0.0.1", master.port)
    send = redis.run if isinstance(write, ScriptCall) else redis.commands
    with pytest.raises(RedisUnavailable, match="read only") as raised:
        send(write)
    assert not isinstance(raised.value, RedisRefused)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:{port}/1", "redis://:wrong@127.0.0.1:{port}/1"])
def test_password_that_is_missing_or_wrong_is_unavailability(server, client, url):
    process = server(requirepass="secret")
    with pytest.raises(RedisUnavailable):
        client(url.format(port=process.port)).command("PING")
    assert client(f"redis://:secret@127.0.0.1:{process.port}/1").command("PING") == b"PONG"


def test_server_without_a_free_connection_is_unavailability(server, client):
    process = server(maxclients="1")
    with process.client() as taken:
        assert taken.ping()
        with pytest.raises(RedisUnavailable):
            client(process.url).command("PING")


def test_reply_that_is_no_redis_reply_is_unavailability(client):
    class Web(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(100)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Web) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        with pytest.raises(RedisUnavailable):
            client(f"redis://127.0.0.1:{web.server_address[1]}/1").command("PING")
        web.shutdown()


@pytest.mark.parametrize(
    "url", ["redis://no-such-host.invalid/1", "unix:///no/such/socket", "redis://x..y/1"]
)
def test_address_that_leads_nowhere_is_unavailability(client, url):
    with pytest.raises(RedisUnavailable):
        client(url).command("PING")


def test_reconnect_refuses_a_server_that_is_slow(server, client):
    process = server()
    with pytest.raises(RedisUnavailable, match="slowly"):
        client(process.url, slow_seconds=0.0).reconnect()
    client(process.url, slow_seconds=5.0).reconnect()


def test_arguments_that_cannot_be_sent_are_an_error_of_the_caller(redis):
    redis.command("PING")
    with pytest.raises(TypeError):
        redis.command("SET", "a", object())
    assert redis.command("PING") == b"PONG"


def test_threads_do_not_read_each_others_replies(redis):
    def ask(name):
        return [redis.run(ScriptCall(ECHO, [], [f"{name} {i}"]))[0].decode() for i in range(200)]

    replies = in_threads(*[lambda name=name: ask(name) for name in range(8)])
    assert replies == [[f"{name} {i}" for i in range(200)] for name in range(8)]


def test_forked_process_opens_connections_of_its_own(redis):
    mine = redis.command("CLIENT", "ID")
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writing, str(redis.command("CLIENT", "ID")).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert int(os.read(reading, 20)) != mine
    assert redis.command("CLIENT", "ID") == mine
    os.close(reading)
    os.close(writing)


class SoftTimeLimitError(Exception):
    """Raised by a signal, like Celery's."""


def test_exception_from_a_signal_in_the_middle_of_an_exchange_is_not_taken_for_an_outage(proxied):
    redis, proxy = proxied
    redis.command("SET", "a", 1)
    proxy.mode = "hang"

    def interrupt(*_):
        raise SoftTimeLimitError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(SoftTimeLimitError):
            redis.command("GET", "a")
    finally:
        signal.signal(signal.SIGALRM, before)
    proxy.mode = "pass"
    assert redis.command("ECHO", "x") == b"x", "the late reply is dropped"
