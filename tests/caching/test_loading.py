"""Loads that raise, nest, or run in threads; parameters that do not fit into a key."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import DatabaseError, connection, connections, transaction

from caching import ALL, Cached, CachedFamily
from caching.testing import replaced
from caching.write.pending import pending
from tests.caching.testapp.cache import book_detail, book_pages, mute_names
from tests.caching.testapp.models import Book, Mute, Shelf
from tests.caching.testapp.writes import rename
from tests.caching.views import cached, stored
from tests.support.threads import at_once

MUTE = {Mute: ALL}


@pytest.fixture
def thing(declare):
    """Return a function that makes a declaration with a given load."""
    return lambda load: declare(Cached, "v1:odd:{name}", load=load, invalidated_by=MUTE)


def test_a_load_that_raises_stores_nothing_and_gives_its_lease_back(rows, thing):
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


def test_what_json_cannot_hold_is_an_error_and_not_stored(rows, thing):
    odd = thing(lambda name: object())
    for _ in range(2):
        with pytest.raises(TypeError):
            odd.get(name="a")


def test_a_load_cannot_write(rows, thing):
    """The write would be repeated or skipped, depending on the cache."""
    with pytest.raises(Exception, match="read-only transaction"):
        thing(lambda name: Mute.objects.create(name=name).pk).get(name="a")
    assert not Mute.objects.exists()


def test_a_load_that_reads_other_cached_values_reads_one_state(rows, interleaving, declare):
    """A writer commits between the first statement of the outer load and the inner load."""
    book_detail.get(pk=rows.pk)

    def load(name):
        titles = list(Book.objects.order_by("pk").values_list("title", flat=True))
        return [titles[0], book_detail.get(pk=rows.pk).value["title"]]

    odd = declare(Cached, "v1:odd:{name}", load=load, invalidated_by={Book: ALL, Shelf: ALL})
    reader = interleaving.actor(lambda: odd.get(name="a").value)
    reader.run_to("SELECT")
    rename(rows.pk)
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
def test_awkward_parameters_are_kept_apart(rows, thing, declare, name):
    odd = thing(lambda name: [name])
    family = declare(CachedFamily, "v1:odd:pages", load=lambda name: [name], invalidated_by=MUTE)
    for other in (name, name + "x", name):
        for read in (odd, family):
            assert read.get(name=other).value == [other]
    assert odd.get(name=name).x_cache == family.get(name=name).x_cache == "HIT"
    Mute.objects.create(name="any")
    assert odd.get(name=name).x_cache == family.get(name=name).x_cache == "MISS"


@pytest.mark.parametrize("name", ["a b", "{a}", "a\n", "a:b"])
def test_parameters_that_would_change_what_a_key_says_are_refused(rows, thing, name):
    with pytest.raises(ValueError, match="cannot be part"):
        thing(lambda name: [name]).get(name=name)


def test_two_parameters_cannot_be_mistaken_for_two_others(rows, declare):
    pair = declare(Cached, "v1:pair:{a}:{b}", load=lambda a, b: [a, b], invalidated_by=MUTE)
    assert pair.get(a="1", b="2").value == ["1", "2"]
    with pytest.raises(ValueError, match="cannot be part"):
        pair.get(a="1:2", b="3")


def test_families_tell_members_with_the_same_letters_apart(rows, declare):
    family = declare(CachedFamily, "v1:odd:pages", load=lambda **given: given, invalidated_by=MUTE)
    for given in ({"a": "1&b=2"}, {"a": "1", "b": "2"}, {"a": "1"}, {}, {"#expires": "1"}):
        assert family.get(**given).value == given
        assert family.get(**given, c=None).value == given, "None is the same as no parameter"


# --- Threads, tasks, connections ---------------------------------------------------------------------


def test_threads_of_one_process_share_what_is_cached(rows):
    book_detail.get(pk=rows.pk)
    results = at_once(*[lambda: book_detail.get(pk=rows.pk)] * 4)
    assert {result.x_cache for result in results} == {"HIT"}


def test_a_connection_shared_by_threads_keeps_its_changes_together(rows):
    """A live test server may share one: the second thread commits what the first has changed."""
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


def test_a_transaction_that_invalidates_more_keys_than_are_worth_naming_takes_the_group(rows):
    cached(rows)
    with transaction.atomic():
        for pk in range(2000, 2600):
            book_detail.invalidate(pk=pk)
        assert pending().targets(lock=False) == {book_detail.group}
        rename(rows.pk)
    assert cached(rows) == stored(rows)


def test_an_interrupt_while_fencing_keeps_the_pending_changes(rows):
    """After a soft time limit or Ctrl-C the transaction stays open and may still be committed."""
    cached(rows)
    transaction.set_autocommit(False)
    try:
        rename(rows.pk)
        with replaced("fence", _interrupted), pytest.raises(KeyboardInterrupt):
            transaction.commit()
        transaction.commit()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert cached(rows) == stored(rows)
    assert book_detail.get(pk=rows.pk).value["title"] == "new"


@pytest.mark.parametrize("block", [transaction.atomic, contextlib.nullcontext])
def test_an_interrupt_while_fencing_a_block_rolls_it_back(rows, block):
    """Django returns to autocommit, and a later statement must not commit what was not fenced."""
    cached(rows)
    with replaced("fence", _interrupted), pytest.raises(KeyboardInterrupt), block():
        Book.objects.filter(pk=rows.pk).update(title="new")
    Book.objects.filter(pk=rows.third.pk).update(title="newer")
    assert cached(rows) == stored(rows)
    assert book_detail.get(pk=rows.pk).value["title"] == "old"


def _interrupted(gateway, targets, token):
    raise KeyboardInterrupt


def test_a_commit_that_a_constraint_refuses_costs_no_value(rows):
    """Deferred constraints are checked before anything is fenced."""
    cached(rows)
    with pytest.raises(Exception, match="violates foreign key"), transaction.atomic():
        Book.objects.filter(pk=rows.pk).update(shelf=0)
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    assert cached(rows) == stored(rows)


@pytest.fixture
def mute_refuses():
    """Create a deferred trigger that refuses each COMMIT of a new row."""
    run("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$")
    run(
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON shelf_mute DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    yield
    run("DROP FUNCTION refuse CASCADE")


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_commit_that_a_deferred_trigger_refuses_leaves_no_fence(rows, mute_refuses, cache_redis):
    assert cached(rows) == stored(rows)
    with pytest.raises(Exception, match="refused"), transaction.atomic():
        Mute.objects.create(name="never")
    assert cache_redis.keys("fence:*") == []
    assert mute_names.get().value == []
    assert cached(rows) == stored(rows)


def test_a_commit_that_fails_lifts_its_fences(rows, cache_redis):
    def fail(_wrapper):
        raise DatabaseError("refused")

    assert cached(rows) == stored(rows)
    with replaced("COMMIT", fail), pytest.raises(DatabaseError), transaction.atomic():
        rename(rows.pk)
    assert cache_redis.keys("fence:*") == []
    assert book_detail.get(pk=rows.pk).detail == "fwd=miss; stored"
    assert cached(rows) == stored(rows)


def test_the_readable_key_goes_with_its_value(rows):
    book_detail.get(pk=rows.pk)
    assert cache.get(f"v1:books:detail:{rows.pk}")["title"] == "old"
    rename(rows.pk)
    assert cache.get(f"v1:books:detail:{rows.pk}") is None
