"""Inside a TestCase the cache behaves as in production."""

import json

from django.core.cache import cache
from django.db import connection, transaction
from django.test import TestCase

from tests.caching.testapp.cache import book_detail, book_pages, shelf_detail
from tests.caching.testapp.models import Book, Shelf


class UsualTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.shelf = Shelf.objects.create(name="Top")
        cls.book = Book.objects.create(title="One", shelf=cls.shelf)

    def read(self):
        reading = book_detail.get(pk=self.book.pk)
        return reading.x_cache, reading.value["title"]

    def test_miss_hit_save_miss(self):
        assert self.read() == ("MISS", "One")
        with self.assertNumQueries(0):
            assert self.read() == ("HIT", "One")
        self.book.title = "Two"
        self.book.save()
        assert self.read() == ("MISS", "Two")
        assert self.read() == ("HIT", "Two")

    def test_update_and_bulk_and_raw_sql_invalidate(self):
        for change in (self._update, self._bulk_update, self._raw_sql):
            with self.subTest(change.__name__):
                self.read()
                assert self.read()[0] == "HIT"
                change(change.__name__)
                assert self.read() == ("MISS", change.__name__)

    def _update(self, title):
        Book.objects.filter(pk=self.book.pk).update(title=title)

    def _bulk_update(self, title):
        self.book.title = title
        Book.objects.bulk_update([self.book], ["title"])

    def _raw_sql(self, title):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE shelf_book SET title = %s WHERE id = %s", [title, self.book.pk])

    def test_an_open_block_bypasses_and_its_end_invalidates(self):
        self.read()
        with transaction.atomic():
            self.book.title = "Inside"
            self.book.save()
            assert self.read() == ("BYPASS", "Inside")
        assert self.read() == ("MISS", "Inside")

    def test_moved_book_leaves_the_old_shelf_too(self):
        other = Shelf.objects.create(name="Other")
        assert shelf_detail.get(pk=self.shelf.pk).value["titles"] == ["One"]
        assert shelf_detail.get(pk=other.pk).value["titles"] == []
        self.book.shelf = other
        self.book.save()
        assert shelf_detail.get(pk=self.shelf.pk).value["titles"] == []
        assert shelf_detail.get(pk=other.pk).value["titles"] == ["One"]
        Book.objects.filter(pk=self.book.pk).update(shelf=self.shelf)
        assert shelf_detail.get(pk=other.pk).value["titles"] == []
        assert shelf_detail.get(pk=self.shelf.pk).value["titles"] == ["One"]

    def test_pages_are_invalidated_together(self):
        assert book_pages.get(page=1).x_cache == "MISS"
        assert book_pages.get(page=1).x_cache == "HIT"
        assert book_pages.get(page=1, shelf=self.shelf.pk).x_cache == "MISS"
        Book.objects.create(title="New", shelf=self.shelf)
        assert book_pages.get(page=1).value["titles"] == ["One", "New"]
        assert book_pages.get(page=1, shelf=self.shelf.pk).value["count"] == 2

    def test_the_readable_key_holds_the_json(self):
        body = book_detail.get(pk=self.book.pk).body
        assert cache.get(f"v1:books:detail:{self.book.pk}") == json.loads(body)
        assert book_detail.get(pk=self.book.pk).body == body

    def test_one(self):
        self._pages_hold_only_what_this_test_made("a")

    def test_another(self):
        self._pages_hold_only_what_this_test_made("b")

    def _pages_hold_only_what_this_test_made(self, title):
        Book.objects.create(title=title)
        assert book_pages.get().value["titles"] == ["One", title]
        assert book_pages.get().x_cache == "HIT"
