"""Many readers and writers at the same time."""

from __future__ import annotations

import threading

import pytest

from caching.testing import timing
from tests.caching.child import PATIENT_SECONDS
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, book_pages, loads
from tests.caching.testapp.models import Book
from tests.caching.testapp.writes import rename
from tests.support.threads import at_once

CROWD = 50


@pytest.fixture(autouse=True)
def _count_loads():
    """Let readers wait as long as a busy machine's load takes; the setting allows half a second."""
    loads.clear()
    with timing(collapse=PATIENT_SECONDS):
        yield


def test_fifty_cold_reads_load_at_most_twice(rows):
    readings = at_once(*[lambda: book_detail.get(pk=rows.pk)] * CROWD)
    assert len(loads) <= 2
    assert {reading.value["title"] for reading in readings} == {"old"}
    assert {reading.x_cache for reading in readings} <= {"MISS", "HIT"}


def test_fifty_cold_reads_of_a_page_load_at_most_twice(rows):
    readings = at_once(*[book_pages.get] * CROWD)
    assert len(loads) <= 2
    assert len({reading.body for reading in readings}) == 1


@one_server
def test_a_process_that_was_just_started_opens_no_second_connection_for_each_thread(rows, child):
    """Each read of a new process needs a check of the outbox, and PostgreSQL has 100 connections."""
    assert child().ask("many", rows.pk, 70) <= 2


@one_server
def test_several_processes_together_load_at_most_twice(rows, child):
    processes = [child(), child()]
    for process in processes:
        process.send("many", rows.pk, 20)
    assert sum(process.answer() for process in processes) <= 2


def test_two_writers_of_one_row_are_seen_one_after_the_other(rows, interleaving):
    """The second waits for the row lock of the first; each acknowledges what it has written."""
    first = interleaving.actor(lambda: rename(rows.pk, "first"))
    second = interleaving.actor(lambda: rename(rows.pk, "second"))
    first.run_to("COMMIT")
    second.start_to("COMMIT")
    assert book_detail.get(pk=rows.pk).value["title"] == "old"
    first.finish()
    assert book_detail.get(pk=rows.pk).value["title"] == "first"
    second.wait()
    assert book_detail.get(pk=rows.pk).value["title"] == "first"
    second.finish()
    assert book_detail.get(pk=rows.pk).value["title"] == "second"


def test_a_fence_stays_until_the_last_of_its_writers_has_committed(rows, interleaving):
    """Two rows of one list are written: the lift of the first writer must not lift the second fence."""
    first = interleaving.actor(lambda: rename(rows.pk, "first"))
    second = interleaving.actor(lambda: rename(rows.third.pk, "second"))
    first.run_to("COMMIT")
    second.run_to("COMMIT")
    first.finish()
    reading = book_pages.get()
    assert (reading.x_cache, reading.detail) == ("BYPASS", "fwd=bypass; detail=fence")
    assert reading.value["titles"] == ["first", "sequel", "third"]
    second.finish()
    assert book_pages.get().value["titles"] == ["first", "sequel", "second"]
    assert book_pages.get().x_cache == "HIT"


def test_readers_and_writers_at_full_speed_never_read_back_in_time(rows):
    """For one second, readers and writers run: no version read is below the last acknowledged one."""
    acknowledged = [0]
    stale = []
    stop = threading.Event()

    def write():
        for version in range(1, 60):
            Book.objects.filter(pk=rows.pk).update(title=str(version))
            acknowledged[0] = version
        stop.set()

    def read():
        while not stop.is_set():
            floor = acknowledged[0]
            title = book_detail.get(pk=rows.pk).value["title"]
            if title != "old" and int(title) < floor:
                stale.append((title, floor))

    at_once(write, *[read] * 5)
    assert stale == []
    assert book_detail.get(pk=rows.pk).value["title"] == "59"
