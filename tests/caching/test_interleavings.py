"""Every interleaving of one or two writers and two readers, with a crash of any of them at any point.

The steps are those of caching/read/entries.py, of the gateway and of caching/recovery/fences.py on a
real Redis; see model/__init__.py.
"""

from __future__ import annotations

import random

import pytest
from django.db import connection

from caching.keys import group_target, value_target
from caching.testing import timing
from tests.caching.conftest import one_server
from tests.caching.model import Lifter, Reader, Scenario, Writer, explore
from tests.caching.testapp.cache import book_detail, book_pages
from tests.caching.testapp.models import Shelf
from tests.caching.testapp.writes import rename

pytestmark = one_server

KEY = value_target(":1:model:1")
GROUP = group_target(":1:model")
FAMILY = value_target(":1:family")

ALL_MISHAPS = ("lost answer", "late lease", "eviction")


def readers(*members):
    return [Reader(f"reader{number}", member) for number, member in enumerate(members, 1)]


def by_the_edge(*members):
    return [reader._replace(first=True) for reader in readers(*members)]


def writers(*targets):
    return [Writer(f"writer{number}", tuple(each)) for number, each in enumerate(targets, 1)]


def without_a_fence(*targets):
    """Redis was unavailable: the outbox drops the targets after the commit."""
    return [writer._replace(at="COMMIT") for writer in writers(*targets)]


def lifter(*targets):
    return [Lifter("watch", targets)]


SCENARIOS = {
    "a key": Scenario(KEY, GROUP, readers("", "") + writers([KEY], [KEY])),
    "its pattern": Scenario(KEY, GROUP, readers("", "") + writers([GROUP], [GROUP])),
    "a key and its pattern": Scenario(KEY, GROUP, readers("", "") + writers([KEY], [GROUP])),
    "both at once": Scenario(KEY, GROUP, readers("", "") + writers([KEY, GROUP])),
    "one field": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY], [FAMILY])),
    "two fields": Scenario(FAMILY, None, readers("a", "b") + writers([FAMILY], [FAMILY])),
    "a key, mishaps": Scenario(KEY, GROUP, readers("", "") + writers([KEY]), ALL_MISHAPS),
    "its pattern, mishaps": Scenario(KEY, GROUP, readers("", "") + writers([GROUP]), ALL_MISHAPS),
    "a field, mishaps": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY]), ALL_MISHAPS),
    "a key, by the edge": Scenario(KEY, GROUP, by_the_edge("", "") + writers([KEY], [KEY])),
    "its pattern, by the edge": Scenario(KEY, GROUP, by_the_edge("", "") + writers([GROUP], [GROUP])),
    "one field, by the edge": Scenario(FAMILY, None, by_the_edge("a", "a") + writers([FAMILY], [FAMILY])),
    "its pattern, by the edge, mishaps": Scenario(
        KEY, GROUP, by_the_edge("", "") + writers([GROUP]), ALL_MISHAPS
    ),
}
TIME = ("time passes",)  # leases expire; a fence does not
LATE = {
    "a key, late": Scenario(KEY, GROUP, readers("", "") + writers([KEY]), TIME),
    "its pattern, late": Scenario(KEY, GROUP, readers("", "") + writers([GROUP]), TIME),
    "a field, late": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY]), TIME),
}
# Every fence is overdue as soon as it is set: the watch thread of a process may examine it at any moment.
OVERDUE = {
    "a key, overdue": Scenario(KEY, GROUP, readers("", "") + writers([KEY]) + lifter(KEY)),
    "its pattern, overdue": Scenario(KEY, GROUP, readers("", "") + writers([GROUP]) + lifter(GROUP)),
    "a field, overdue": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY]) + lifter(FAMILY)),
    "two writers, overdue": Scenario(KEY, GROUP, readers("") + writers([KEY], [KEY]) + lifter(KEY)),
    "both at once, overdue": Scenario(KEY, GROUP, readers("") + writers([KEY, GROUP]) + lifter(KEY, GROUP)),
}
FLUSH = ("flush",)
WEAK = {
    "a key, flush": Scenario(KEY, GROUP, readers("", "") + writers([KEY]), FLUSH, strong=False),
    "its pattern, flush": Scenario(KEY, GROUP, readers("", "") + writers([GROUP]), FLUSH, strong=False),
    "a field, flush": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY]), FLUSH, strong=False),
    "a key, outbox": Scenario(KEY, GROUP, readers("", "") + without_a_fence([KEY]), strong=False),
    "its pattern, outbox": Scenario(KEY, GROUP, readers("", "") + without_a_fence([GROUP]), strong=False),
    "a field, outbox": Scenario(FAMILY, None, readers("a", "a") + without_a_fence([FAMILY]), strong=False),
}
ALL_SCENARIOS = SCENARIOS | LATE | OVERDUE | WEAK


def explore_by_name(name, client):
    """Explore a scenario. A lease expires only by a step of the model."""
    overdue = {"overdue": -1_000_000_000} if name in OVERDUE else {}
    with timing(lease=1_000_000, **overdue):
        return explore(ALL_SCENARIOS[name], client)


@pytest.fixture
def visit(cache_redis):
    return lambda name: explore_by_name(name, cache_redis)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_read_is_older_than_what_was_committed_when_it_began(visit, name):
    assert visit(name) > 3_000


@pytest.mark.parametrize("name", LATE)
def test_a_fence_stays_longer_than_the_leases(visit, name):
    assert visit(name) > 500


@pytest.mark.parametrize("name", OVERDUE)
def test_a_fence_that_is_overdue_is_lifted_when_its_transaction_is_over_and_not_before(visit, name):
    assert visit(name) > 500


@pytest.mark.parametrize("name", WEAK)
def test_no_read_is_older_than_what_was_acknowledged_when_it_began(visit, name):
    """If a fence is lost or could not be set, the invalidation is made before the write is acknowledged."""
    assert visit(name) > 300


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


# Reads return two numbers, and each of the two writes increments one of them: no row is locked twice.
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
    """Run two writers and two readers, one step of one of them at a time."""
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
