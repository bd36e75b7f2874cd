"""Hand-written receivers cannot make a value stale, whatever they do: the cache does not depend on them."""

from __future__ import annotations

import contextlib

import pytest
from django.db import connection, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from tests.caching.testapp.cache import (
    book_detail,
    book_pages,
    loose_names,
    mute_names,
    reader_books,
    shelf_detail,
    shelf_labels,
)
from tests.caching.testapp.models import Book, Label, Loose, Mute, Shelf
from tests.caching.views import cached, stored


@contextlib.contextmanager
def receiving(signal, sender, work):
    """Connect a receiver during the block, before all others."""
    known = signal.receivers
    signal.receivers = []
    signal.connect(work, sender=sender)
    signal.receivers = [*signal.receivers, *known]
    signal.sender_receivers_cache.clear()
    try:
        yield
    finally:
        signal.receivers = known
        signal.sender_receivers_cache.clear()


def execute(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def check(rows, write):
    assert cached(rows) == stored(rows)
    write()
    assert cached(rows) == stored(rows)


def fail(**_):
    raise ZeroDivisionError


IN_A_TRANSACTION = pytest.mark.parametrize("block", [contextlib.nullcontext, transaction.atomic])


# --- A receiver that invalidates some values only ----------------------------------------------------

SAYS = {
    "nothing": lambda book: None,
    "its detail": lambda book: book_detail.invalidate(pk=book.pk),
    "another book's detail": lambda book: book_detail.invalidate(pk=book.pk + 1),
    "all details": lambda book: book_detail.invalidate_all(),
    "the pages": lambda book: book_pages.invalidate_all(),
    "the wrong shelf": lambda book: shelf_detail.invalidate(pk=0),
    "something unrelated": lambda book: mute_names.invalidate(),
}


def move(rows):
    rows.book.title, rows.book.shelf = "new", rows.lower
    rows.book.save()


@IN_A_TRANSACTION
@pytest.mark.parametrize("says", SAYS)
@pytest.mark.parametrize("signal", [pre_save, post_save])
def test_receiver_that_invalidates_some_dependents_leaves_no_other_stale(rows, signal, says, block):
    def write():
        with block():
            move(rows)

    with receiving(signal, Book, lambda instance, **_: SAYS[says](instance)):
        check(rows, write)
    assert shelf_detail.get(pk=rows.lower.pk).value["titles"] == ["new"]


@IN_A_TRANSACTION
@pytest.mark.parametrize("signal", [pre_delete, post_delete])
def test_receiver_of_a_delete_that_invalidates_one_dependent_leaves_no_other_stale(rows, signal, block):
    def write():
        with block():
            rows.third.delete()

    with receiving(signal, Book, lambda instance, **_: book_detail.invalidate(pk=instance.pk)):
        check(rows, write)


@IN_A_TRANSACTION
def test_receiver_of_a_relation_that_invalidates_one_dependent_leaves_no_other_stale(rows, block):
    def write():
        with block():
            rows.book.readers.set([rows.bob])

    with receiving(
        m2m_changed, Book.readers.through, lambda instance, **_: reader_books.invalidate(pk=rows.ann.pk)
    ):
        check(rows, write)


def test_invalidating_more_than_has_changed_costs_misses_only(rows):
    cached(rows)
    with receiving(post_save, Mute, lambda **_: book_detail.invalidate_all()):
        Mute.objects.create(name="new")
    assert book_detail.get(pk=rows.pk).x_cache == "MISS"
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    assert cached(rows) == stored(rows)


def test_what_a_receiver_invalidates_in_a_block_goes_at_its_commit_and_not_before(rows, interleaving):
    cached(rows)
    book_detail.get(pk=rows.pk)

    def write():
        with transaction.atomic():
            book_detail.invalidate(pk=rows.pk)

    writer = interleaving.actor(write)
    writer.run_to("COMMIT")
    assert book_detail.get(pk=rows.pk).detail == "fwd=bypass; detail=fence"
    writer.finish()
    assert book_detail.get(pk=rows.pk).x_cache == "MISS"


# --- Receivers that raise, write, or delete ----------------------------------------------------------


@IN_A_TRANSACTION
def test_a_save_whose_receiver_raises_is_what_the_database_says(rows, block):
    """In a block the save is rolled back; without one Django has already written the row."""

    def write():
        with contextlib.suppress(ZeroDivisionError), block():
            rows.book.title = "new"
            rows.book.save()

    with receiving(post_save, Book, fail):
        check(rows, write)
    rows.book.refresh_from_db()
    assert rows.book.title == ("old" if block is transaction.atomic else "new")


@IN_A_TRANSACTION
def test_a_save_whose_receiver_raises_and_is_caught_is_noticed(rows, block):

    def write():
        with block(), contextlib.suppress(ZeroDivisionError):
            Loose.objects.create(name="written")

    with receiving(post_save, Loose, fail):
        check(rows, write)
    assert loose_names.get().value == ["written"]


def test_a_raising_pre_save_receiver_hides_no_later_statement(rows):
    Loose.objects.create(name="before")

    def write():
        with contextlib.suppress(ZeroDivisionError):
            Loose(name="never").save()
        with transaction.atomic():
            execute("UPDATE shelf_loose SET name = 'after'")

    with receiving(pre_save, Loose, fail):
        check(rows, write)
    assert loose_names.get().value == ["after"]


@pytest.mark.parametrize("signal", [pre_save, post_save])
@IN_A_TRANSACTION
def test_a_receivers_own_statement_on_the_same_table_is_noticed(rows, signal, block):
    """An example is ``UPDATE … SET position = position + 1`` of the siblings."""

    def write():
        with block():
            rows.book.save()

    def move_the_others(instance, **_):
        execute("UPDATE shelf_book SET title = 'moved' WHERE id <> %s", instance.pk)

    with receiving(signal, Book, move_the_others):
        check(rows, write)


def test_a_receivers_own_statement_on_the_same_table_at_a_delete_is_noticed(rows):
    def rename_the_others(instance, **_):
        execute("UPDATE shelf_book SET title = 'renamed' WHERE id <> %s", instance.pk)

    with receiving(pre_delete, Book, rename_the_others):
        check(rows, rows.third.delete)


@IN_A_TRANSACTION
def test_what_a_receiver_saves_besides_hides_no_save_without_a_receiver(rows, block):
    def write():
        with block():
            Mute.objects.create(name="silent")

    def save_another(**_):
        rows.book.title = "by a receiver"
        rows.book.save()

    with receiving(post_save, Mute, save_another):
        check(rows, write)
    assert mute_names.get().value == ["silent"]


def test_a_savepoint_rolled_back_by_a_receiver_hides_nothing(rows):
    """``get_or_create`` does that when it loses a race."""

    def lose_a_race(**_):
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            Shelf.objects.create(name="never")
            fail()

    def write():
        with transaction.atomic():
            Mute.objects.create(name="silent")
            rows.book.title = "new"
            rows.book.save()

    with receiving(post_save, Mute, lose_a_race), receiving(pre_save, Book, lose_a_race):
        check(rows, write)


def test_nested_saves_of_one_model_are_each_noticed(rows):
    def save_the_sequel(instance, **_):
        if instance.pk == rows.pk:
            Book.objects.filter(pk=rows.sequel.pk).update(title="after the first")
            rows.third.title = "too"
            rows.third.save()

    def write():
        rows.book.title = "new"
        rows.book.save()

    with receiving(post_save, Book, save_the_sequel):
        check(rows, write)


def test_a_cascade_is_noticed_in_every_table(rows):
    Label.objects.create(name="label", shelf=rows.upper)
    check(rows, rows.upper.delete)


def test_a_cascade_invalidates_only_what_it_concerns(rows):
    """Deleting the label of one shelf does not invalidate the labels of the other."""
    for shelf in (rows.upper, rows.lower):
        Label.objects.create(name="label", shelf=shelf)
    cached(rows)
    rows.upper.delete()
    assert cached(rows) == stored(rows)
    assert shelf_labels.get(pk=rows.lower.pk).x_cache == "HIT"


@pytest.mark.parametrize("signal", [pre_delete, post_delete])
def test_a_receivers_own_delete_among_rows_being_deleted_is_noticed(rows, signal):
    """It runs before the DELETE of the first row, and between that and the signal of the second row."""
    going = [Label.objects.create(name=name, shelf=rows.upper).pk for name in ("one", "two")]
    third = Label.objects.create(name="third", shelf=rows.lower)
    called = []

    def delete_the_third(instance, **_):
        called.append(instance)
        if len(called) == (2 if signal is pre_delete else 1):
            execute("DELETE FROM shelf_label WHERE id = %s", third.pk)

    with receiving(signal, Label, delete_the_third):
        check(rows, Label.objects.filter(pk__in=going).delete)
    assert len(called) == 2


def test_a_receiver_that_raises_and_is_caught_hides_nothing_of_the_sender_around_it(rows):
    def save_a_loose_one(**_):
        with contextlib.suppress(ZeroDivisionError):
            Loose.objects.create(name="written")

    def touch_and_fail(**_):
        book_detail.invalidate(pk=1)
        fail()

    def write():
        with transaction.atomic():
            Mute.objects.create(name="silent")

    with receiving(pre_save, Mute, save_a_loose_one), receiving(post_save, Loose, touch_and_fail):
        check(rows, write)
    assert mute_names.get().value == ["silent"]
