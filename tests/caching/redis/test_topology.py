"""Every form of an address, and the server to which it leads."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection

from caching.conf import RedisConf
from caching.errors import RedisUnavailable
from caching.redis.addresses import connection_options, sentinel_endpoints
from caching.redis.client import RedisClient, run_is_not_recorded
from caching.redis.sentinel import MasterConnection
from caching.redis.topology import make_backend
from tests.caching.redis_process import free_port
from tests.support.redis_sentinel import MASTER, Sentinel

TIMEOUTS = {"connect_timeout": 0.25, "command_timeout": 0.5}


def seconds(call, *args):
    began = time.perf_counter()
    with pytest.raises(RedisUnavailable):
        call(*args)
    return time.perf_counter() - began


@pytest.mark.parametrize(
    ("url", "kind", "address", "db"),
    [
        ("redis://", Connection, ("localhost", 6379), 0),
        ("redis://example.org", Connection, ("example.org", 6379), 0),
        ("redis://example.org:7/3", Connection, ("example.org", 7), 3),
        ("redis://example.org/?db=4", Connection, ("example.org", 6379), 4),
        ("redis://[::1]:7/3", Connection, ("::1", 7), 3),
        ("rediss://example.org:7/3?ssl_cert_reqs=none", SSLConnection, ("example.org", 7), 3),
        ("unix:///run/redis.sock", UnixDomainSocketConnection, ("/run/redis.sock", 0), 0),
        ("unix:///run/redis.sock?db=2", UnixDomainSocketConnection, ("/run/redis.sock", 0), 2),
        (
            "redis+socket:///run/redis.sock?virtual_host=2",
            UnixDomainSocketConnection,
            ("/run/redis.sock", 0),
            2,
        ),
    ],
)
def test_url_in_each_form_names_its_server(url, kind, address, db):
    endpoint = connection_options(url, **TIMEOUTS)
    assert (endpoint.connection_class, endpoint.address, endpoint.db) == (kind, address, db)


@pytest.mark.parametrize(
    ("url", "username", "password"),
    [
        ("redis://host/1", "u", "p"),
        ("redis://:own@host/1", "u", "own"),
        ("redis://me:own@host/1", "me", "own"),
        ("redis://me@host/1", "me", "p"),
        ("redis://:a%40b%2Fc@host/1", "u", "a@b/c"),
        ("unix://me:own@/run/redis.sock", "me", "own"),
        ("unix:///run/redis.sock?password=own", "u", "own"),
    ],
)
def test_credentials_of_the_url_precede_those_beside_it(url, username, password):
    options = connection_options(url, username="u", password="p", **TIMEOUTS).options
    assert (options["username"], options["password"]) == (username, password)


@pytest.mark.parametrize(
    "url",
    [
        "http://:secret@host/1",
        "redis://:secret@host:port/1",
        "redis://:secret@host/1?db=one",
        "redis://:secret@host/1?nonsense=1",
        "rediss://:secret@host/1?ssl_cert_reqs=perhaps",
        "unix:///run/redis.sock?password=secret&nonsense=1",
        "localhost:6379",
        "",
    ],
)
def test_url_that_is_none_is_named_without_its_password(url):
    with pytest.raises(ImproperlyConfigured) as raised:
        connection_options(url, **TIMEOUTS)
    assert "secret" not in str(raised.value)


def test_options_in_a_url_bring_neither_retries_nor_long_timeouts_nor_text(server, client, proxy_to):
    proxy = proxy_to(server().port)
    options = "socket_timeout=30&socket_connect_timeout=30&retry_on_timeout=yes&health_check_interval=1"
    redis = client(f"{proxy.url}?{options}&decode_responses=yes&protocol=3&max_connections=1")
    redis.command("SET", "a", "text")
    assert redis.read("a") == [b"text"]
    proxy.mode = "hang"
    assert seconds(redis.command, "PING") < 0.8


@pytest.mark.parametrize("form", ["unix://{user}{path}?db=1", "redis+socket://{user}{path}?virtual_host=1"])
@pytest.mark.parametrize("password", ["", "a@b/c"], ids=["open", "password"])
def test_unix_socket_is_reached(server, client, tmp_path, form, password):
    path = tmp_path / "socket"
    process = server(unixsocket=str(path), requirepass=password)
    url = form.format(user=":a%40b%2Fc@" if password else "", path=path)
    assert client(url).command("SET", "a", 1) == b"OK"
    with process.client(db=1) as other:
        assert other.get("a") == b"1"


def test_user_of_an_access_control_list_is_named_beside_the_url(server, client):
    process = server()
    with process.client() as admin:
        admin.execute_command("ACL", "SETUSER", "cache", "on", ">secret", "~*", "+@all")
    redis = client(process.url, username="cache", password="secret")
    assert redis.command("ACL", "WHOAMI") == b"cache"


@pytest.fixture
def tls_port(server, certificate):
    """Return the port of a server that uses TLS."""
    return tls_server(server, certificate, requirepass="secret")


def tls_server(server, certificate, **options):
    """Start a server that uses TLS, and return its port."""
    port = free_port()
    try:
        server(tls_port=str(port), tls_auth_clients="no", **options, **certificate)
    except RuntimeError as error:
        pytest.skip(f"this redis-server has no TLS: {error}")
    return port


def test_tls_verifies_the_server(tls_port, client, certificate):
    url = f"rediss://:secret@127.0.0.1:{tls_port}/1"
    with pytest.raises(RedisUnavailable, match="certificate verify failed"):
        client(url).command("PING")
    assert client(f"{url}?ssl_ca_certs={certificate['tls_ca_cert_file']}").command("PING") == b"PONG"
    assert client(f"{url}?ssl_cert_reqs=none").command("PING") == b"PONG"


def test_plain_server_reached_by_tls_is_unavailable(server, client):
    assert seconds(client(f"rediss://127.0.0.1:{server().port}/1").command, "PING") < 1


# --- Sentinels ------------------------------------------------------------------------------------


@pytest.fixture
def sentinels(tmp_path):
    """Return a function that starts Sentinels which monitor a master."""
    started = []

    def start(master, count=3, **options):
        started.extend(Sentinel("127.0.0.1", master.port, tmp_path, **options) for _ in range(count))
        return started

    yield start
    for sentinel in started:
        sentinel.kill()


def following(sentinels, url="redis://ignored/1", **options):
    return RedisConf(url, sentinels=[("127.0.0.1", s.port) for s in sentinels], master=MASTER, **options)


def backend(conf):
    return make_backend(conf, distrust=False)


def test_master_that_the_sentinels_name_is_reached_in_its_database(server, sentinels):
    master = server()
    redis = backend(following(sentinels(master)))
    assert redis.command("SET", "a", 1) == b"OK"
    with master.client(db=1) as other:
        assert other.get("a") == b"1"
    redis.close()


def test_master_and_sentinels_have_credentials_of_their_own(server, sentinels):
    master = server(requirepass="of-the-master")
    started = sentinels(master, 1, password="of-the-sentinel", master_password="of-the-master")
    conf = following(started, password="of-the-master", sentinel_password="of-the-sentinel")
    redis = backend(conf)
    assert redis.command("PING") == b"PONG"
    redis.close()
    with pytest.raises(RedisUnavailable):
        backend(conf._replace(sentinel_password=None)).command("PING")
    with pytest.raises(RedisUnavailable):
        backend(conf._replace(password=None)).command("PING")
    by_url = backend(
        conf._replace(
            url="redis://:of-the-master@ignored/1",
            password=None,
            sentinel_password=None,
            sentinels=[f"redis://:of-the-sentinel@127.0.0.1:{started[0].port}"],
        )
    )
    assert by_url.command("PING") == b"PONG"
    by_url.close()


def test_tls_is_used_for_the_sentinels_and_for_the_master(server, sentinels, certificate):
    port = tls_server(server, certificate)
    [sentinel] = sentinels(SimpleNamespace(port=port), 1, tls=certificate)

    def by_tls(url, **options):
        return RedisConf(url, sentinels=[("127.0.0.1", sentinel.tls_port)], master=MASTER, **options)

    trusting = f"rediss://ignored/1?ssl_ca_certs={certificate['tls_ca_cert_file']}"
    redis = backend(by_tls(trusting, sentinel_tls=True))
    assert redis.command("SET", "a", 1) == b"OK"
    redis.close()
    for refused in (
        by_tls(trusting),  # the Sentinel's port speaks TLS only
        by_tls("rediss://ignored/1", sentinel_tls=True),  # nothing names the authority of the certificate
    ):
        with pytest.raises(RedisUnavailable):
            backend(refused).command("PING")


@pytest.mark.parametrize("end", [Sentinel.kill, Sentinel.stop], ids=["dead", "hung"])
def test_first_sentinel_that_is_away_costs_one_short_wait(server, sentinels, end):
    started = sentinels(server())
    redis = backend(following(started))
    end(started[0])
    began = time.perf_counter()
    assert redis.command("PING") == b"PONG"
    assert time.perf_counter() - began < 0.5
    redis.close()
    began = time.perf_counter()
    assert redis.command("PING") == b"PONG"
    assert time.perf_counter() - began < 0.1, "it comes last now"
    redis.close()


def test_first_dead_and_second_hung_leave_the_third(server, sentinels):
    started = sentinels(server())
    redis = backend(following(started))
    started[0].kill()
    started[1].stop()
    began = time.perf_counter()
    assert redis.command("PING") == b"PONG"
    assert time.perf_counter() - began < 0.5
    redis.close()


@pytest.mark.parametrize("end", [Sentinel.kill, Sentinel.stop], ids=["dead", "hung"])
def test_all_sentinels_away_cost_less_than_half_a_second_and_then_nothing(server, sentinels, end):
    started = sentinels(server())
    redis = backend(following(started))
    for sentinel in started:
        end(sentinel)
    assert seconds(redis.command, "PING") < 0.6
    assert seconds(redis.command, "PING") < 0.1


def test_open_connections_to_the_master_work_without_the_sentinels(server, sentinels):
    started = sentinels(server())
    redis = backend(following(started))
    assert redis.command("PING") == b"PONG"
    for sentinel in started:
        sentinel.kill()
    assert redis.command("PING") == b"PONG"
    redis.close()


def test_sentinel_that_does_not_know_the_master_is_passed_over(server, sentinels):
    master = server()
    started = sentinels(master, 2)
    with started[0].client() as client:
        client.sentinel_remove(MASTER)
    redis = backend(following(started))
    assert redis.command("PING") == b"PONG"
    redis.close()
    with pytest.raises(RedisUnavailable, match="knows no master other"):
        backend(following(started)._replace(master="other")).command("PING")


def test_failover_is_followed(server, sentinels):
    old, new = server(), server()
    started = sentinels(old, 1)
    redis = backend(following(started))
    redis.command("SET", "a", 1)
    with started[0].client() as sentinel, old.client() as client:
        sentinel.sentinel_remove(MASTER)
        sentinel.sentinel_monitor(MASTER, "127.0.0.1", new.port, 1)
        client.replicaof("127.0.0.1", new.port)
    with pytest.raises(RedisUnavailable, match="read only"):
        redis.command("SET", "a", 2)
    assert redis.command("SET", "a", 2) == b"OK"
    assert redis.breaks == 1
    with new.client(db=1) as client:
        assert client.get("a") == b"2"
    redis.close()


def test_server_that_a_sentinel_takes_for_the_master_but_is_none_is_not_used(server):
    """A Sentinel may lag behind a failover."""
    master, other = server(), server()
    with master.client() as client:
        client.replicaof("127.0.0.1", other.port)
    options = {"socket_timeout": 0.5, "socket_connect_timeout": 0.25, "protocol": 2}
    lagging = RedisClient(
        lambda: MasterConnection(find_master=lambda: ("127.0.0.1", master.port), **options),
        record=run_is_not_recorded,
    )
    with pytest.raises(RedisUnavailable, match="is a slave"):
        lagging.command("PING")


@pytest.mark.parametrize(
    ("word", "address"),
    [
        ("10.0.0.1:7", ("10.0.0.1", 7)),
        ("10.0.0.1", ("10.0.0.1", 26379)),
        ("[::1]:7", ("::1", 7)),
        (("host", 7), ("host", 7)),
        ("redis://host", ("host", 26379)),
        ("rediss://me:secret@host:7", ("host", 7)),
    ],
)
def test_sentinel_is_named_by_host_and_port_or_by_a_url(word, address):
    [endpoint] = sentinel_endpoints(
        RedisConf("rediss://:other@ignored/1?ssl_cert_reqs=none", sentinels=[word])
    )
    assert endpoint.address == address
    assert endpoint.options.get("password") == ("secret" if "secret" in word else None)
    assert endpoint.db == 0


def test_sentinel_by_tls_has_the_tls_options_of_the_url():
    conf = RedisConf("rediss://ignored/1?ssl_cert_reqs=none", sentinels=["host:7"], sentinel_tls=True)
    [endpoint] = sentinel_endpoints(conf)
    assert endpoint.connection_class is SSLConnection
    assert endpoint.options["ssl_cert_reqs"] == "none"


def test_sentinel_that_is_no_address_is_refused():
    with pytest.raises(ImproperlyConfigured):
        make_backend(RedisConf("redis://ignored/1", sentinels=["host:port"]))
