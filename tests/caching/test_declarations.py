"""Declarations of an app (declarations.py, registry.py, dependents.py)."""

from __future__ import annotations

import pytest

from caching import ALL, Cached, CachedFamily, registry
from caching.checks import check_paths
from caching.dependents import Dependent, dump, parse
from caching.paths import BadPath, Route
from tests.caching.testapp import cache
from tests.caching.testapp.models import Book, Ebook, Label, Mute, Shelf


@pytest.fixture(autouse=True)
def _remove_declarations():
    with registry.restored():
        yield


def load(**params):
    return params


def tables(declared):
    return dict(declared.tables())


def test_declaration_is_registered_under_its_key_once():
    first = Cached("v1:odd:{pk}", ttl=1, load=load, invalidated_by={})
    second = Cached("v1:odd:{pk}", ttl=1, load=load, invalidated_by={})
    assert second in registry.declarations()
    assert first not in registry.declarations()


def test_declarations_are_separate_for_each_database():
    other = Cached("v1:odd:{pk}", ttl=1, load=load, invalidated_by={}, using="other")
    assert other in registry.declarations("other")
    assert other not in registry.declarations("default")
    assert registry.databases() >= {"other", "default"}


def test_restored_removes_the_declarations_of_the_block():
    before = registry.declarations()
    with registry.restored():
        Cached("v1:odd:{pk}", ttl=1, load=load, invalidated_by={})
        assert registry.declarations() != before
    assert registry.declarations() == before


def test_path_that_is_a_word_leads_to_the_only_parameter():
    declared = Cached("v1:odd:{pk}", ttl=1, load=load, invalidated_by={Label: "shelf_id"})
    assert tables(declared) == {"shelf_label": Dependent("v1:odd:{pk}", False, (("pk", Route("shelf_id")),))}


def test_mapping_leads_to_each_of_several_parameters():
    paths = {Label: {"shelf": "shelf_id", "name": "name"}}
    declared = Cached("v1:odd:{shelf}:{name}", ttl=1, load=load, invalidated_by=paths)
    [dependent] = tables(declared).values()
    assert dependent.routes == (("name", Route("name")), ("shelf", Route("shelf_id")))


def test_list_of_paths_is_a_dependent_for_each():
    found = [dependent.routes for table, dependent in cache.book_detail.tables() if table == "shelf_book"]
    assert len(found) == 2


def test_all_takes_the_group():
    declared = Cached("v1:odd:{pk}", ttl=1, load=load, invalidated_by={Mute: ALL, "services_tally": ALL})
    assert tables(declared) == {
        "shelf_mute": Dependent("v1:odd:{pk}", False, None),
        "services_tally": Dependent("v1:odd:{pk}", False, None),
    }


def test_several_parameters_through_other_tables_take_the_group():
    """Separate routes would not show which values belong together."""
    paths = {Book: {"reader": "readers__pk", "shelf": "shelf_id"}}
    declared = Cached("v1:odd:{reader}:{shelf}", ttl=1, load=load, invalidated_by=paths)
    assert tables(declared)["shelf_book"].routes is None


def test_model_with_a_parent_depends_on_the_parents_table_too():
    declared = Cached("v1:odd:{pk}", ttl=1, load=load, invalidated_by={Ebook: "pk"})
    assert set(tables(declared)) == {"shelf_ebook", "shelf_book"}
    assert tables(declared)["shelf_book"].routes is None


@pytest.mark.parametrize(
    ("kind", "key", "path"),
    [
        (Cached, "v1:odd:{a}:{b}", "pk"),
        (Cached, "v1:odd:{a}:{b}", {"a": "pk"}),
        (Cached, "v1:odd:{a}", {"other": "pk"}),
        (Cached, "v1:odd", "pk"),
        (CachedFamily, "v1:odd", "pk"),
        (Cached, "v1:odd:{a}", "nothing"),
    ],
)
def test_path_that_leads_to_no_parameter_is_an_error_of_the_check(kind, key, path):
    declared = kind(key, ttl=1, load=load, invalidated_by={Book: path})
    with pytest.raises(BadPath):
        list(declared.tables())
    assert [(error.id, error.obj) for error in check_paths()] == [("caching.E003", key)]


def test_lagging_fields_are_columns_and_their_table_may_be_read():
    declared = Cached(
        "v1:odd:{pk}", ttl=1, load=load, invalidated_by={Book: "pk"}, lags={Book: ["title"], Shelf: ALL}
    )
    assert declared.lagging("shelf_book") == {"title"}
    assert declared.lagging("shelf_shelf") == set()
    assert declared.declared_tables() == {"shelf_book", "shelf_shelf"}


def test_parameter_that_is_missing_is_an_error():
    declared = Cached("v1:odd:{pk}", ttl=1, load=load, invalidated_by={})
    with pytest.raises(KeyError):
        declared.get(name="a")


def test_dependents_are_the_same_after_json_whatever_their_order():
    found = [dependent for _, dependent in cache.book_detail.tables()]
    assert parse(dump(found)) == parse(dump(reversed(found)))
    assert set(parse(dump(found))) == set(found)


def test_dependent_names_its_columns_and_hops():
    columns = {table: dependent.columns() for table, dependent in cache.reader_books.tables()}
    assert columns == {"shelf_book": {"id"}, "shelf_book_readers": {"user_id"}}
    [through] = [dependent for table, dependent in cache.reader_books.tables() if table == "shelf_book"]
    assert {hop.table for hop in through.hops()} == {"shelf_book_readers"}


def test_group_of_a_family_is_its_hash_and_of_a_pattern_its_generation():
    assert cache.book_pages.group.key == ":1:v1:books:list"
    assert cache.book_detail.group.key == "generation:{:1:v1:books:detail}"
    for declared in (cache.book_pages, cache.book_detail):
        assert {dependent.group for _, dependent in declared.tables()} == {declared.group}
