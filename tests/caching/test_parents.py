"""A commit queries which values a row concerns while other writers change the result."""

from __future__ import annotations

import pytest

from tests.caching.testapp.cache import book_detail, shelf_detail, shelf_labels
from tests.caching.testapp.models import Book, Label, Shelf
from tests.caching.testapp.writes import rename
from tests.caching.views import cached, stored
from tests.support.waiting import a_session_waits_for_a_lock, until


def move(pk, to):
    book = Book.objects.get(pk=pk)
    book.shelf = to
    book.save()


def move_by_update(pk, to):
    Book.objects.filter(pk=pk).update(shelf=to)


@pytest.mark.parametrize("first_move", [move, move_by_update])
@pytest.mark.parametrize("second_move", [move, move_by_update])
def test_a_row_moved_twice_at_once_leaves_no_shelf_stale(rows, interleaving, first_move, second_move):
    """The second writer must not query the book's shelf before the first has moved it."""
    middle = Shelf.objects.create(name="middle")
    first = interleaving.actor(lambda: first_move(rows.pk, middle))
    second = interleaving.actor(lambda: second_move(rows.pk, rows.lower))
    first.run_to("COMMIT")
    second.start_to("COMMIT")
    until(a_session_waits_for_a_lock)
    first.finish()
    assert shelf_detail.get(pk=middle.pk).value["titles"] == ["old"]
    second.wait()
    second.finish()
    assert shelf_detail.get(pk=middle.pk).value["titles"] == []
    assert cached(rows) == stored(rows)


def test_a_row_that_comes_to_depend_on_one_being_written_is_not_missed(rows, interleaving):
    """A writer queries which rows refer to its row; another row is added and read; the writer commits."""
    writer = interleaving.actor(lambda: rename(rows.pk))
    newcomer = interleaving.actor(lambda: Book.objects.filter(pk=rows.third.pk).update(sequel_of=rows.book))
    writer.run_to("fence")
    newcomer.start_to(None)
    until(a_session_waits_for_a_lock)
    writer.finish()
    newcomer.wait()
    newcomer.finish()
    assert book_detail.get(pk=rows.third.pk).value["sequel_of"] == "new"
    assert cached(rows) == stored(rows)


@pytest.fixture
def label(rows):
    return Label.objects.create(name="label", shelf=rows.upper)


def move_label(rows, label):
    Label.objects.filter(pk=label.pk).update(shelf=rows.lower)


@pytest.mark.parametrize("delete", [Label.delete, lambda label: Label.objects.filter(pk=label.pk).delete()])
def test_an_instance_deleted_after_its_row_has_moved_leaves_no_shelf_stale(rows, label, delete):
    """The row was moved after the instance was read."""
    move_label(rows, label)
    assert cached(rows) == stored(rows)
    assert label.shelf == rows.upper
    delete(label)
    assert cached(rows) == stored(rows)


def test_a_row_moved_while_it_is_being_deleted_leaves_no_shelf_stale(rows, label, interleaving):
    mover = interleaving.actor(lambda: move_label(rows, label))
    remover = interleaving.actor(lambda: Label.objects.get(pk=label.pk).delete())
    mover.run_to("COMMIT")
    remover.start_to("COMMIT")
    until(a_session_waits_for_a_lock)
    mover.finish()
    assert shelf_labels.get(pk=rows.lower.pk).value == ["label"]
    remover.wait()
    remover.finish()
    assert cached(rows) == stored(rows)
