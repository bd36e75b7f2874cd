"""In each usual kind of test there is MISS, HIT, save, MISS, and no test sees the values of another one."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import TransactionTestCase

from caching.write.pending import pending
from tests.caching.testapp.cache import book_detail, book_pages
from tests.caching.testapp.models import Book
from tests.caching.testapp.writes import rename


def miss_hit_save_miss():
    book = Book.objects.create(title="One")
    seen = [_read(book), _read(book)]
    rename(book.pk, "Two")
    seen += [_read(book), _read(book)]
    assert seen == [("MISS", "One"), ("HIT", "One"), ("MISS", "Two"), ("HIT", "Two")]
    assert book_pages.get().value["titles"] == ["Two"], "nothing of another test"
    assert book_pages.get().x_cache == "HIT"


def _read(book):
    result = book_detail.get(pk=book.pk)
    return result.x_cache, result.value["title"]


@pytest.mark.parametrize("time", ["once", "again"])
def test_with_pytests_db(db, time):
    miss_hit_save_miss()


@pytest.mark.parametrize("time", ["once", "again"])
@pytest.mark.django_db(transaction=True)
def test_with_pytests_transactional_mark(time):
    miss_hit_save_miss()


class TransactionTestCaseSees(TransactionTestCase):
    def test_miss_hit_save_miss(self):
        miss_hit_save_miss()

    def test_again(self):
        miss_hit_save_miss()


def test_a_rolled_back_block_inside_a_test_leaves_nothing_of_it(db):
    book = Book.objects.create(title="One")
    with transaction.atomic():
        rename(book.pk, "Two")
        assert _read(book) == ("BYPASS", "Two")
        transaction.set_rollback(True)
    assert _read(book) == ("MISS", "One")
    assert _read(book) == ("HIT", "One")


def test_what_a_test_stored_and_rolled_back_is_gone_for_who_reads_the_same_key_next(db, django_db_blocker):
    """The rows of a test vanish with its transaction, and so must the values cached from them."""
    with transaction.atomic():
        book = Book.objects.create(title="One")
        pk = book.pk
    assert _read(book) == ("MISS", "One")
    pending().rolled_back()  # what the end of the test does
    Book.objects.filter(pk=pk)._raw_delete("default")
    with pytest.raises(Book.DoesNotExist):
        book_detail.get(pk=pk)
