"""Loads that raise, nest, or fall into awkward hands; parameters that do not fit into a key."""

from __future__ import annotations

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection, connections, transaction

from caching import Cached, CachedFamily, invalidation
from tests.caching.testapp.cache import book_detail, book_pages
from tests.caching.testapp.models import Book, Mute
from tests.caching.testapp.writes import rename
from tests.caching.views import cached, stored
from tests.threads import at_once


def thing(load, key="v1:odd:{name}"):
    return Cached(key, ttl=60, load=load, depends_on=[Mute])


def test_a_load_that_raises_stores_nothing_and_gives_its_lease_back(rows):
    results = iter([ZeroDivisionError, ["value"]])

    def load(name):
        result = next(results)
        if result is ZeroDivisionError:
            raise result
        return result

    odd = thing(load)
    with pytest.raises(ZeroDivisionError):
        odd.get(name="a")
    assert odd.get(name="a").detail == "fwd=miss; stored"
    assert odd.get(name="a").x_cache == "HIT"


def test_a_missing_row_is_an_error_until_it_is_there(rows):
    missing = rows.third.pk + 1
    for _ in range(2):
        with pytest.raises(Book.DoesNotExist):
            book_detail.get(pk=missing)
    Book.objects.create(pk=missing, title="there")
    assert book_detail.get(pk=missing).value["title"] == "there"


def test_what_json_cannot_hold_is_an_error_and_not_stored(rows):
    odd = thing(lambda name: object())
    for _ in range(2):
        with pytest.raises(TypeError):
            odd.get(name="a")


def test_a_load_cannot_write(rows):
    """It would be repeated, or never be, as the cache likes."""
    with pytest.raises(Exception, match="read-only transaction"):
        thing(lambda name: Mute.objects.create(name=name).pk).get(name="a")
    assert not Mute.objects.exists()


def test_a_load_that_asks_for_other_cached_things_reads_one_state(rows, interleaving):
    """Between the outer load's first statement and the inner one, a writer commits."""
    book_detail.get(pk=rows.pk)

    def load(name):
        titles = list(Book.objects.order_by("pk").values_list("title", flat=True))
        return [titles[0], book_detail.get(pk=rows.pk).value["title"]]

    odd = Cached("v1:odd:{name}", ttl=60, load=load, depends_on=[Book])
    reader = interleaving.actor(lambda: odd.get(name="a").value)
    reader.run_to("SELECT")
    with transaction.atomic():
        rename(rows.pk)
        odd.invalidate_all()
    assert reader.finish() == ["old", "old"]
    assert odd.get(name="a").value == ["new", "new"]
    assert book_detail.get(pk=rows.pk).value["title"] == "new"


def test_a_load_reads_a_list_and_its_count_from_one_snapshot(rows, interleaving):
    reader = interleaving.actor(lambda: book_pages.get().value)
    reader.run_to("SELECT done")
    Book.objects.create(title="new")
    assert reader.finish() == {"titles": ["old", "sequel", "third"], "count": 3}
    assert book_pages.get().value["count"] == 4


@pytest.mark.parametrize(
    "name", ["é", "Курс", "x" * 5000, "a/b?c=d&e", "%s", "*", "[a]", "\x00", "'", '"', "😀", ""]
)
def test_awkward_parameters_are_kept_apart(rows, name):
    odd = thing(lambda name: [name])
    family = CachedFamily("v1:odd:pages", ttl=60, load=lambda name: [name], depends_on=[Mute])
    for other in (name, name + "x", name):
        for read in (odd, family):
            assert read.get(name=other).value == [other]
    assert odd.get(name=name).x_cache == family.get(name=name).x_cache == "HIT"
    Mute.objects.create(name="any")
    assert odd.get(name=name).x_cache == family.get(name=name).x_cache == "MISS"


@pytest.mark.parametrize("name", ["a b", "{a}", "a\n", "a:b"])
def test_parameters_that_would_change_what_a_key_says_are_refused(rows, name):
    with pytest.raises(ValueError, match="cannot be part"):
        thing(lambda name: [name]).get(name=name)


def test_two_parameters_cannot_be_mistaken_for_two_others(rows):
    pair = Cached("v1:pair:{a}:{b}", ttl=60, load=lambda a, b: [a, b], depends_on=[Mute])
    assert pair.get(a="1", b="2").value == ["1", "2"]
    with pytest.raises(ValueError, match="cannot be part"):
        pair.get(a="1:2", b="3")


def test_families_tell_members_with_the_same_letters_apart(rows):
    family = CachedFamily("v1:odd:pages", ttl=60, load=lambda **given: given, depends_on=[Mute])
    for given in ({"a": "1&b=2"}, {"a": "1", "b": "2"}, {"a": "1"}, {}, {"#expires": "1"}):
        assert family.get(**given).value == given
        assert family.get(**given, c=None).value == given, "None is as good as nothing"


# --- Threads, tasks, connections ---------------------------------------------------------------------


def test_threads_of_one_process_share_what_is_cached(rows):
    book_detail.get(pk=rows.pk)
    readings = at_once(*[lambda: book_detail.get(pk=rows.pk)] * 4)
    assert {reading.x_cache for reading in readings} == {"HIT"}


def test_a_connection_shared_by_threads_keeps_its_touches_together(rows):
    """As a live server's in-memory database would: the second thread commits what the first touched."""
    cached(rows)
    shared = connections["default"]
    shared.inc_thread_sharing()
    try:
        transaction.set_autocommit(False)
        rename(rows.pk)

        def commit():
            connections["default"] = shared
            transaction.commit()

        thread = threading.Thread(target=commit)
        thread.start()
        thread.join()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
        shared.dec_thread_sharing()
    assert cached(rows) == stored(rows)
    assert book_detail.get(pk=rows.pk).value["title"] == "new"


def test_asynchronous_code_reads_and_writes_through_the_same_cache(rows):
    async def work():
        before = await sync_to_async(book_detail.get)(pk=rows.pk)
        await Book.objects.filter(pk=rows.pk).aupdate(title="new")
        book = await Book.objects.aget(pk=rows.third.pk)
        book.title = "newer"
        await book.asave()
        await Book.objects.abulk_create([Book(title="newest")])
        after = await sync_to_async(book_detail.get)(pk=rows.pk)
        await sync_to_async(connections.close_all)()
        return before.value["title"], after.value["title"]

    cached(rows)
    assert asyncio.run(work()) == ("old", "new")
    assert cached(rows) == stored(rows)


def test_a_transaction_that_touches_more_keys_than_are_worth_naming_drops_the_pattern(rows, cache_redis):
    cached(rows)
    with transaction.atomic():
        for pk in range(2000, 2600):
            book_detail.invalidate(pk=pk)
        assert len(connection.changes._nodes()) == 1
        rename(rows.pk)
    assert cached(rows) == stored(rows)


def test_an_interrupt_while_fencing_forgets_nothing(rows, monkeypatch):
    """A soft time limit, or Ctrl-C: the transaction stays open, and may still be committed."""
    cached(rows)
    transaction.set_autocommit(False)
    try:
        rename(rows.pk)
        with monkeypatch.context() as patched:
            patched.setattr(invalidation, "fence", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                transaction.commit()
        transaction.commit()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert cached(rows) == stored(rows)
    assert book_detail.get(pk=rows.pk).value["title"] == "new"


def _interrupted(nodes, token):
    raise KeyboardInterrupt


def test_a_commit_that_is_refused_lifts_its_fences(rows):
    cached(rows)
    with pytest.raises(Exception, match="violates foreign key"), transaction.atomic():
        Book.objects.filter(pk=rows.pk).update(shelf=0)
    assert book_detail.get(pk=rows.pk).detail == "fwd=miss; stored"
    assert cached(rows) == stored(rows)


def test_the_readable_key_goes_with_its_value(rows):
    book_detail.get(pk=rows.pk)
    assert cache.get(f"v1:books:detail:{rows.pk}")["title"] == "old"
    rename(rows.pk)
    assert cache.get(f"v1:books:detail:{rows.pk}") is None
