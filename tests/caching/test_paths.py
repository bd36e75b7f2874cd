"""The routes of a declaration's paths, in terms of tables and columns (paths.py)."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import models
from django.test.utils import isolate_apps

from caching.paths import BadPath, Hop, Route, compile_route
from tests.caching.testapp.models import Book, Ebook, Label, Paperback, Shelf


def test_own_primary_key_needs_no_hop():
    assert compile_route(Book, "pk") == compile_route(Book, "id") == Route("id")


@pytest.mark.parametrize("path", ["shelf_id", "shelf", "shelf__pk", "shelf__id"])
def test_foreign_key_is_a_column_of_the_row_itself(path):
    if path == "shelf_id":
        assert compile_route(Book, "shelf_id") == Route("shelf_id")
    else:
        assert compile_route(Book, path) == Route("shelf_id")


def test_plain_column_is_read_from_the_row_itself():
    assert compile_route(Label, "name") == Route("name")


def test_column_of_the_row_that_is_referred_to_is_one_hop_that_may_change():
    hop = Hop("shelf_shelf", "id", "name", "", "", stable=False)
    assert compile_route(Book, "shelf__name") == Route("shelf_id", (hop,))


def test_rows_that_refer_to_the_changed_one_are_one_hop_with_an_owner():
    hop = Hop("shelf_book", "shelf_id", "id", "shelf_shelf", "id", stable=True)
    assert compile_route(Shelf, "books__pk") == Route("id", (hop,))


def test_relation_to_the_same_model_is_followed_in_both_directions():
    assert compile_route(Book, "sequel_of__pk") == Route("sequel_of_id")
    hop = Hop("shelf_book", "sequel_of_id", "id", "shelf_book", "id", stable=True)
    assert compile_route(Book, "sequels__pk") == Route("id", (hop,))


def test_column_of_rows_that_refer_is_taken_in_the_same_hop():
    hop = Hop("shelf_label", "shelf_id", "name", "shelf_shelf", "id", stable=False)
    assert compile_route(Shelf, "labels__name") == Route("id", (hop,))


def test_path_through_two_relations_is_two_hops():
    route = compile_route(Label, "shelf__books__pk")
    hop = Hop("shelf_book", "shelf_id", "id", "shelf_shelf", "id", stable=True)
    assert route == Route("shelf_id", (hop,))


def test_many_to_many_goes_through_its_table():
    hop = Hop("shelf_book_readers", "book_id", "user_id", "shelf_book", "id", stable=False)
    assert compile_route(Book, "readers__pk") == Route("id", (hop,))
    backwards = Hop("shelf_book_readers", "user_id", "book_id", "auth_user", "id", stable=False)
    assert compile_route(get_user_model(), "books__pk") == Route("id", (backwards,))


def test_proxy_is_the_same_table():
    assert compile_route(Paperback, "shelf_id") == Route("shelf_id")


def test_column_of_a_parent_model_needs_the_whole_group():
    assert compile_route(Ebook, "shelf_id") is None


@pytest.mark.parametrize(
    "path", ["nothing", "shelf__nothing", "title__more", "", "shelf__", "pk__pk__nothing"]
)
def test_path_that_leads_nowhere_is_named(path):
    with pytest.raises(BadPath, match=r"shelf\.Book"):
        compile_route(Book, path)


@isolate_apps("tests.caching.testapp")
def test_values_with_more_than_one_text_need_the_whole_group():
    class Odd(models.Model):
        at = models.DateTimeField()
        amount = models.DecimalField(max_digits=5, decimal_places=2)
        is_set = models.BooleanField()
        number = models.IntegerField()

        class Meta:
            app_label = "shelf"

    assert [compile_route(Odd, name) for name in ("at", "amount", "is_set")] == [None] * 3
    assert compile_route(Odd, "number") == Route("number")


@isolate_apps("tests.caching.testapp")
def test_relation_without_a_constraint_needs_the_whole_group_backwards():
    class Owner(models.Model):
        class Meta:
            app_label = "shelf"

    class Loosely(models.Model):
        owner = models.ForeignKey(Owner, models.CASCADE, db_constraint=False, related_name="things")

        class Meta:
            app_label = "shelf"

    assert compile_route(Owner, "things__pk") is None
    assert compile_route(Loosely, "owner_id") == Route("owner_id")


@isolate_apps("tests.caching.testapp")
def test_foreign_key_to_another_column_is_followed_by_that_column():
    class Named(models.Model):
        code = models.CharField(max_length=5, unique=True)

        class Meta:
            app_label = "shelf"

    class Refers(models.Model):
        named = models.ForeignKey(Named, models.CASCADE, to_field="code", related_name="refers")

        class Meta:
            app_label = "shelf"

    assert compile_route(Refers, "named_id") == Route("named_id")
    hop = Hop("shelf_named", "code", "id", "", "", stable=True)
    assert compile_route(Refers, "named__pk") == Route("named_id", (hop,))
    backwards = Hop("shelf_refers", "named_id", "id", "shelf_named", "code", stable=True)
    assert compile_route(Named, "refers__pk") == Route("code", (backwards,))


def test_route_is_the_same_after_json():
    import json

    route = compile_route(Shelf, "labels__name")
    assert Route.from_json(json.loads(json.dumps(route))) == route
