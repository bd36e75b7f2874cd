"""``manage.py cacheshell`` and the line that ``make run`` prints."""

from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.core.management import call_command

from monitoring.redis_cli import redis_cli
from tests.support import redis_sentinel


def test_words_are_carried_out_in_the_caches_database(capfd):
    cache.set("test:foo", 123, 300)
    with pytest.raises(SystemExit) as ended:
        call_command("cacheshell", "get", ":1:test:foo")
    assert ended.value.code == 0
    assert capfd.readouterr().out == "123\n"


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("redis://127.0.0.1:6380/1", ["-h", "127.0.0.1", "-p", "6380", "-n", "1"]),
        ("redis://cache.example.com", ["-h", "cache.example.com", "-p", "6379", "-n", "0"]),
        ("rediss://:secret@cache:6379/1", ["-h", "cache", "-p", "6379", "-n", "1", "--tls"]),
        ("redis://me:secret@cache?db=3", ["-h", "cache", "-p", "6379", "-n", "3", "--user", "me"]),
        ("unix://:secret@/run/redis.sock?db=3", ["-s", "/run/redis.sock", "-n", "3"]),
    ],
)
def test_the_line_names_the_server_but_no_password(settings, url, options):
    settings.REDIS_URL = url
    assert redis_cli()[1:] == options


def test_on_a_cluster_it_follows_redirections(settings):
    settings.CACHING = {**settings.CACHING, "CLUSTER": [("10.0.0.1", 7000), ("10.0.0.2", 7000)]}
    assert redis_cli()[1:] == ["-c", "-h", "10.0.0.1", "-p", "7000"]


def test_with_sentinels_it_goes_to_the_master(settings, tmp_path):
    master = urlsplit(settings.REDIS_URL)
    with redis_sentinel.watching(master.hostname, master.port, tmp_path) as sentinel:
        port = sentinel.connection_pool.connection_kwargs["port"]
        settings.CACHING = {
            "CLUSTER": [],
            "SENTINELS": [("127.0.0.1", port)],
            "MASTER": redis_sentinel.MASTER,
        }
        assert redis_cli()[1:] == ["-h", master.hostname, "-p", str(master.port), "-n", "1"]
