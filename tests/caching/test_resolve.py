"""Resolving the changes of a transaction to the targets that its commit must fence (write/resolve.py)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from caching import Cached
from caching.testing import check_now
from caching.write.pending import pending
from tests.caching.testapp.cache import book_detail, book_pages, reader_books, shelf_detail
from tests.caching.testapp.models import Book, Label, Mute, Shelf
from tests.caching.views import cached, stored
from tests.support.threads import Other
from tests.support.waiting import until


def title_and_shelf(pk):
    value = book_detail.get(pk=pk).value
    return value["title"], value["shelf"]


def target_keys(work):
    """Return the keys that the commit of a transaction would invalidate; then roll it back."""
    with transaction.atomic():
        work()
        found = {target.key for target in pending().targets(lock=True)}
        transaction.set_rollback(True)
    return found


def key(pattern, pk):
    return f":1:{pattern}:{pk}"


def test_row_that_changes_closes_its_own_values_alone(rows):
    found = target_keys(lambda: Shelf.objects.filter(pk=rows.lower.pk).update(name="new"))
    assert found == {key("v1:shelves", rows.lower.pk)}


def test_row_that_moves_closes_what_it_leaves_and_where_it_goes(rows):
    found = target_keys(lambda: Book.objects.filter(pk=rows.third.pk).update(shelf=rows.lower))
    assert {key("v1:shelves", rows.upper.pk), key("v1:shelves", rows.lower.pk)} <= found
    assert key("v1:books:detail", rows.third.pk) in found
    assert book_pages.group.key in found


def test_rows_that_refer_to_the_changed_one_are_closed(rows):
    found = target_keys(lambda: Shelf.objects.filter(pk=rows.upper.pk).update(name="new"))
    books = {key("v1:books:detail", book.pk) for book in (rows.book, rows.sequel, rows.third)}
    assert found == books | {key("v1:shelves", rows.upper.pk)}


def test_reference_that_is_null_closes_what_is_kept_of_no_row(rows):
    found = target_keys(lambda: Book.objects.create(title="alone"))
    assert {each for each in found if each.startswith(":1:v1:shelves")} == {":1:v1:shelves:<null>"}


def test_many_to_many_is_followed(rows):
    found = target_keys(lambda: Book.objects.filter(pk=rows.pk).update(title="new"))
    assert f":1:reader:{rows.ann.pk}:books" in found
    assert f":1:reader:{rows.bob.pk}:books" not in found


def test_more_rows_than_are_worth_following_close_the_group(rows):
    Book.objects.bulk_create([Book(title=str(number), shelf=rows.lower) for number in range(510)])
    found = target_keys(lambda: Book.objects.update(title="new"))
    assert found == {each.group.key for each in (book_detail, book_pages, shelf_detail, reader_books)}


def test_one_row_to_which_too_many_refer_closes_the_group(rows):
    Book.objects.bulk_create([Book(title=str(number), shelf=rows.lower) for number in range(510)])
    found = target_keys(lambda: Shelf.objects.filter(pk=rows.lower.pk).update(name="new"))
    assert found == {book_detail.group.key, key("v1:shelves", rows.lower.pk)}


def test_snapshot_that_may_be_too_old_to_follow_closes_the_group(rows):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        Shelf.objects.filter(pk=rows.upper.pk).update(name="new")
        found = {target.key for target in pending().targets(lock=True)}
    assert book_detail.group.key in found


def test_row_that_another_transaction_holds_closes_the_group_and_is_not_waited_for(rows, interleaving):
    """A book that is being added refers to the shelf, so the books of the shelf are not certain yet."""
    adding = interleaving.actor(lambda: Book.objects.create(title="added", shelf=rows.upper))
    adding.run_to("COMMIT")
    found = target_keys(lambda: Shelf.objects.filter(pk=rows.upper.pk).update(name="new"))
    assert found == {book_detail.group.key, key("v1:shelves", rows.upper.pk)}
    adding.finish()
    found = target_keys(lambda: Shelf.objects.filter(pk=rows.upper.pk).update(name="new"))
    assert book_detail.group.key not in found


def test_a_row_that_comes_under_a_changed_one_before_its_commit_is_not_missed(rows, interleaving):
    """A writer queries the books of a shelf; a book is moved there and read; the writer commits."""
    Book.objects.filter(pk=rows.third.pk).update(shelf=rows.lower)
    assert check_now()
    writer = interleaving.actor(lambda: Shelf.objects.filter(pk=rows.upper.pk).update(name="new"))
    writer.run_to("COMMIT")
    mover = Other(lambda: Book.objects.filter(pk=rows.third.pk).update(shelf=rows.upper))
    mover.wait_until_it_waits()
    title_and_shelf(rows.third.pk)
    writer.finish()
    mover.result()
    until(lambda: book_detail.get(pk=rows.third.pk).x_cache == "HIT")
    assert title_and_shelf(rows.third.pk) == ("third", "new")


def test_a_book_that_moves_while_its_owner_is_being_renamed_is_right_whichever_commits_first(
    rows, interleaving
):
    for first, second in (("shelf", "book"), ("book", "shelf")):
        name = f"{first} first"
        writes = {
            "shelf": lambda name=name: Shelf.objects.filter(pk=rows.lower.pk).update(name=name),
            "book": lambda: Book.objects.filter(pk=rows.third.pk).update(shelf=rows.lower),
        }
        Book.objects.filter(pk=rows.third.pk).update(shelf=rows.upper)
        cached(rows)
        slow = interleaving.actor(writes[first])
        slow.run_to("COMMIT")
        quick = Other(writes[second])
        quick.wait_until_it_waits()
        slow.finish()
        quick.result()
        assert cached(rows) == stored(rows)
        assert cached(rows) == stored(rows)


@pytest.mark.parametrize("value", ["a b", "{x}", "a:b"])
def test_value_that_cannot_be_part_of_a_key_closes_the_group(declare, value):
    named = declare(Cached, "v1:odd:{name}", load=lambda name: [name], invalidated_by={Mute: "name"})
    assert named.group.key in target_keys(lambda: Mute.objects.create(name=value))


@pytest.mark.parametrize("value", ['"', "\\", "'", "é", "%s", ",", "NULL", ""])
def test_value_that_is_awkward_in_sql_is_followed(declare, rows, value):
    def titles(name):
        return list(Book.objects.filter(shelf__labels__name=name).values_list("title", flat=True))

    paths = {Label: "name", Book: "shelf__labels__name", Shelf: "labels__name"}
    by_label = declare(Cached, "v1:odd:{name}", load=titles, invalidated_by=paths)
    Label.objects.create(name=value, shelf=rows.lower)
    assert by_label.get(name=value).value == []
    Book.objects.filter(pk=rows.pk).update(shelf=rows.lower)
    assert by_label.get(name=value).value == ["old"]
