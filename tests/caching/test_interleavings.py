"""Every interleaving of one or two writers and two readers, with a crash of anyone at any point.

The steps are those of caching/slots.py and caching/invalidation.py on a real Redis; see model.py.
"""

from __future__ import annotations

import random

import pytest
from django.db import connection

from caching import slots
from caching.keys import Node, epoch_node, key_node
from tests.caching.conftest import one_server
from tests.caching.model import Reader, Scenario, Writer, explore
from tests.caching.testapp.cache import book_detail, book_pages
from tests.caching.testapp.models import Shelf
from tests.caching.testapp.writes import rename

pytestmark = one_server

KEY = key_node(":1:model:1")
PATTERN = epoch_node(":1:model")
FAMILY = Node(":1:family", "lease:{:1:family}", "fence:{:1:family}")

ALL_MISHAPS = ("lost answer", "late lease", "eviction")


def readers(*members):
    return [Reader(f"reader{number}", member) for number, member in enumerate(members, 1)]


def writers(*touched):
    return [Writer(f"writer{number}", tuple(nodes)) for number, nodes in enumerate(touched, 1)]


def without_a_fence(*touched):
    """Redis was away: the outbox drops what is committed."""
    return [writer._replace(at="COMMIT") for writer in writers(*touched)]


SCENARIOS = {
    "a key": Scenario(KEY, PATTERN, readers("", "") + writers([KEY], [KEY])),
    "its pattern": Scenario(KEY, PATTERN, readers("", "") + writers([PATTERN], [PATTERN])),
    "a key and its pattern": Scenario(KEY, PATTERN, readers("", "") + writers([KEY], [PATTERN])),
    "both at once": Scenario(KEY, PATTERN, readers("", "") + writers([KEY, PATTERN])),
    "one member": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY], [FAMILY])),
    "two members": Scenario(FAMILY, None, readers("a", "b") + writers([FAMILY], [FAMILY])),
    "a key, mishaps": Scenario(KEY, PATTERN, readers("", "") + writers([KEY]), ALL_MISHAPS),
    "its pattern, mishaps": Scenario(KEY, PATTERN, readers("", "") + writers([PATTERN]), ALL_MISHAPS),
    "a member, mishaps": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY]), ALL_MISHAPS),
}
LATER = ("time passes", "flush")
WEAK = {
    "a key, late": Scenario(KEY, PATTERN, readers("", "") + writers([KEY]), LATER, strong=False),
    "its pattern, late": Scenario(KEY, PATTERN, readers("", "") + writers([PATTERN]), LATER, strong=False),
    "a member, late": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY]), LATER, strong=False),
    "a key, outbox": Scenario(KEY, PATTERN, readers("", "") + without_a_fence([KEY]), strong=False),
    "its pattern, outbox": Scenario(KEY, PATTERN, readers("", "") + without_a_fence([PATTERN]), strong=False),
    "a member, outbox": Scenario(FAMILY, None, readers("a", "a") + without_a_fence([FAMILY]), strong=False),
}


@pytest.fixture
def visit(cache_redis, monkeypatch):
    monkeypatch.setattr(slots, "LEASE_TTL_MS", 10**9)

    return lambda scenario: explore(scenario, cache_redis, monkeypatch)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_read_is_older_than_what_was_committed_when_it_began(visit, name):
    assert visit(SCENARIOS[name]) > 3_000


@pytest.mark.parametrize("name", WEAK)
def test_no_read_is_older_than_what_was_acknowledged_when_it_began(visit, name):
    """Where a fence is lost, or could never be placed, the write is made good before it is acknowledged."""
    assert visit(WEAK[name]) > 500


# --- A sample of them with the real database --------------------------------------------------------

READER_STEPS = ["look", "lease", "SELECT", "SELECT done", "fill", None]
WRITER_STEPS = ["fence", "COMMIT", "lift", None]


def raw(table, pk, column, value):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, pk])


def detail(rows):
    value = book_detail.get(pk=rows.pk).value
    return int(value["title"]), int(value["shelf"])


def page(rows):
    first, _, third = book_pages.get().value["titles"]
    return int(first), int(third)


# What is read, as two numbers, and the two writes that raise one of them each: no row is locked twice.
SAMPLED = {
    "a key": (
        detail,
        lambda rows, n: rename(rows.pk, n),
        lambda rows, n: Shelf.objects.filter(pk=rows.upper.pk).update(name=n),
    ),
    "a pattern": (
        detail,
        lambda rows, n: raw("shelf_book", rows.pk, "title", n),
        lambda rows, n: raw("shelf_shelf", rows.upper.pk, "name", n),
    ),
    "a family": (page, lambda rows, n: rename(rows.pk, n), lambda rows, n: rename(rows.third.pk, n)),
}


@pytest.mark.parametrize("name", SAMPLED)
def test_a_sample_of_schedules_on_postgresql_is_coherent(rows, interleaving, name):
    read, *writes = SAMPLED[name]
    choose = random.Random(name)  # the same schedules in every run
    for write in writes:
        write(rows, 0)
    if name == "a family":
        assert read(rows) == (0, 0)
    for number in range(1, 26):
        play(rows, interleaving, choose, read, writes, number)
        assert read(rows) == (number, number)


def play(rows, interleaving, choose, read, writes, number):
    """Two writers and two readers, a step of one of them at a time."""
    acknowledged = [number - 1, number - 1]
    floors, going = {}, {}
    for index, write in enumerate(writes):
        writer = interleaving.actor(
            lambda index=index, write=write: _acknowledge(acknowledged, index, write, rows, number)
        )
        going[writer] = list(WRITER_STEPS)
    for _ in range(2):
        going[interleaving.actor(lambda: read(rows))] = list(READER_STEPS)
    readers = list(going)[2:]
    while going:
        actor = choose.choice(list(going))
        floors.setdefault(actor, tuple(acknowledged))
        actor.start_to(going[actor].pop(0))
        actor.wait()
        if actor.done:
            del going[actor]
    for reader in readers:
        assert all(got >= floor for got, floor in zip(reader.finish(), floors[reader], strict=True)), (
            reader.steps
        )


def _acknowledge(acknowledged, index, write, rows, number):
    write(rows, number)
    acknowledged[index] = number
