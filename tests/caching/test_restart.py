"""Redis restarts with fewer or older data than it had."""

from __future__ import annotations

import pytest

from caching.gateway import get_gateway
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, book_pages
from tests.caching.testapp.models import Book
from tests.caching.testapp.writes import rename

pytestmark = one_server


def read(rows):
    return book_detail.get(pk=rows.pk).value["title"], book_pages.get().value["titles"][0]


def test_values_of_an_old_snapshot_are_not_served(rows, redis_server):
    """A write invalidates after a snapshot; Redis is killed and restores the deleted value."""
    server = redis_server(save="900 1")
    assert read(rows) == ("old", "old")
    with server.client() as client:
        client.save()
    snapshot = server.snapshot.read_bytes()
    rename(rows.pk)
    server.kill()
    server.snapshot.write_bytes(snapshot)
    server.start()
    with server.client() as client:
        assert client.exists(f":1:v1:books:detail:{rows.pk}"), "the snapshot holds the old value"
    assert read(rows) == ("new", "new")
    assert read(rows) == ("new", "new")


def test_values_of_an_append_only_file_without_its_end_are_not_served(rows, redis_server):
    """The machine loses power: the last commands, which deleted values, did not reach the disk."""
    server = redis_server(appendonly="yes", appendfsync="always", aof_load_truncated="yes")
    assert read(rows) == ("old", "old")
    length = server.append_only_file.stat().st_size
    rename(rows.pk)
    assert server.append_only_file.stat().st_size > length
    server.kill()
    with server.append_only_file.open("r+b") as file:
        file.truncate(length)
    server.start()
    with server.client() as client:
        assert client.exists(f":1:v1:books:detail:{rows.pk}"), "the file holds the old value"
    assert read(rows) == ("new", "new")


def test_a_restart_between_fence_and_commit_loses_the_fence_but_not_the_invalidation(
    rows, redis_server, interleaving
):
    """Redis restarts without a fence; a reader stores the old value; after COMMIT the lift finds no fence."""
    server = redis_server()
    writer = interleaving.actor(lambda: rename(rows.pk))
    writer.run_to("COMMIT")
    server.kill()
    server.start()
    assert read(rows) == ("old", "old")
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    writer.finish()
    assert read(rows) == ("new", "new")


def test_a_lease_from_before_a_restart_stores_nothing(rows, redis_server, interleaving):
    server = redis_server()
    reader = interleaving.actor(lambda: read(rows))
    reader.run_to("SELECT done")
    server.kill()
    server.start()
    rename(rows.pk)
    reader.finish()
    assert read(rows) == ("new", "new")


@pytest.mark.parametrize("command", ["flushdb", "flushall", "script_flush"])
def test_a_cleared_server_costs_misses_only(rows, redis_server, command):
    server = redis_server()
    assert read(rows) == ("old", "old")
    with server.client() as client:
        getattr(client, command)()
    rename(rows.pk)
    assert read(rows) == ("new", "new")
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"


def test_values_survive_in_a_server_that_did_not_restart(rows, redis_server):
    """Otherwise there would be no hits."""
    redis_server()
    read(rows)
    get_gateway().backend.close()
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    Book.objects.filter(pk=rows.third.pk).update(title="x")
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
