"""The triggers that report changes, and their installation (postgresql/, write/changes.py)."""

from __future__ import annotations

import json

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction

from caching import ALL, Cached
from caching.postgresql import triggers
from caching.postgresql.installed import installed_plans, uncovered
from caching.postgresql.plan import Plan, plans
from caching.testing import check_now
from caching.write.changes import MAX_ROWS, Changes, read_report
from tests.caching.testapp.cache import book_detail, mute_names
from tests.caching.testapp.models import Book, Mute, Shelf


def query(sql, params=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def reports_of(work):
    """Return the reports that the database sends for the statements; then roll them back."""
    with transaction.atomic():
        with connection.connection.cursor() as cursor:
            for statement in work:
                cursor.execute(statement)
        found = [read_report(notice) for notice in list(connection.pending.notices)]
        transaction.set_rollback(True)
    return [report for report in found if report is not None]


def rows_of(report):
    return sorted(dict(zip(report.columns, row, strict=True))["id"] for row in report.rows)


def test_update_reports_old_and_new_rows_once(rows):
    [report] = reports_of([f"UPDATE shelf_book SET shelf_id = {rows.lower.pk} WHERE id = {rows.pk}"])
    assert report.table == "shelf_book"
    assert {"id", "shelf_id"} <= set(report.columns)
    found = {dict(zip(report.columns, row, strict=True))["shelf_id"] for row in report.rows}
    assert found == {rows.upper.pk, rows.lower.pk}
    assert set(rows_of(report)) == {rows.pk}


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("INSERT INTO shelf_mute (name) VALUES ('a'), ('b')", 1),
        ("DELETE FROM shelf_book_readers", 1),
        ("TRUNCATE shelf_mute", 1),
        ("UPDATE shelf_mute SET name = 'x' WHERE false", 0),
        ("DELETE FROM shelf_mute WHERE false", 0),
        ("INSERT INTO shelf_mute (name) SELECT 'x' WHERE false", 0),
        ("SELECT 1", 0),
    ],
)
def test_statement_reports_if_it_changed_rows(rows, statement, number):
    assert len(reports_of([statement])) == number


def test_truncate_reports_all_rows(rows):
    [report] = reports_of(["TRUNCATE shelf_book_readers"])
    assert report.rows is None


def test_as_many_rows_as_are_followed_are_reported_and_one_more_is_all(rows):
    insert = "INSERT INTO shelf_book (title) SELECT 'x' FROM generate_series(1, {})"
    for number, are_reported in ((MAX_ROWS, True), (MAX_ROWS + 1, False)):
        [report] = reports_of([insert.format(number)])
        assert (report.rows is not None) is are_reported


def test_transaction_is_named_by_its_number(rows):
    reports = reports_of(
        ["INSERT INTO shelf_mute (name) VALUES ('a')", "INSERT INTO shelf_loose (name) VALUES ('a')"]
    )
    assert len({report.transaction for report in reports}) == 1
    assert reports[0].transaction.isdigit()


def test_message_of_anything_else_is_no_report():
    assert read_report("some notice") is None
    assert read_report("") is None


def test_changes_of_a_transaction_are_collected_by_table(rows):
    changes = Changes()
    assert not changes
    for report in reports_of(
        [
            f"UPDATE shelf_book SET title = 'a' WHERE id = {rows.pk}",
            f"UPDATE shelf_book SET title = 'b' WHERE id = {rows.third.pk}",
        ]
    ):
        changes.add(report)
    assert {row["id"] for row in changes.rows("shelf_book")} == {rows.pk, rows.third.pk}
    assert {table for table, _ in changes.dependents()} == {"shelf_book"}
    assert changes.rows("shelf_shelf") == []


def test_many_small_changes_together_are_all(rows):
    changes = Changes()
    statement = "INSERT INTO shelf_book (title) SELECT 'x' FROM generate_series(1, 300)"
    for report in reports_of([statement, statement]):
        changes.add(report)
    assert changes.rows("shelf_book") is None


def test_lagging_column_is_not_reported_and_its_neighbour_is(declare, rows):
    query("CREATE TABLE counted (id int, views int, title text, point json)")
    try:
        plan = Plan(plans("default")["shelf_mute"].dependents, frozenset({"id"}), frozenset({"views"}))
        query(triggers.function_sql("counted", plan))
        _trigger("update", "counted")
        query("INSERT INTO counted VALUES (1, 0, 'a', '{}')")
        assert reports_of(["UPDATE counted SET views = views + 1"]) == []
        for change in ("title = 'b'", "point = '[]'", "views = 9, title = 'b'", "id = 2"):
            assert len(reports_of([f"UPDATE counted SET {change}"])) == 1
        assert reports_of(["UPDATE counted SET title = title, views = 3"]) == []
    finally:
        query("DROP TABLE counted CASCADE")


def _trigger(event, table):
    query(
        f"CREATE TRIGGER caching_{event} AFTER {event.upper()} ON {table} {triggers.EVENTS[event]}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {triggers.function_name(table)}()"
    )


@pytest.mark.parametrize("name", ['od"d', "od'd", "od%d", "od d", "ünï"])
def test_table_and_columns_with_awkward_names_report(declare, rows, name):
    quoted = '"' + name.replace('"', '""') + '"'
    query(f"CREATE TABLE {quoted} (id int, {quoted} text)")
    try:
        declare(Cached, "v1:odd", load=list, invalidated_by={name: ALL})
        [report] = reports_of([f"INSERT INTO {quoted} VALUES (1, 'a')"])
        assert report.table == name
    finally:
        query(f"DROP TABLE {quoted} CASCADE")


def test_partition_and_child_report_as_the_table_they_belong_to(declare, rows):
    query("CREATE TABLE parted (id int) PARTITION BY RANGE (id)")
    query("CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (10)")
    try:
        declare(Cached, "v1:odd", load=list, invalidated_by={"parted": ALL})
        for statement in ("INSERT INTO parted VALUES (1)", "INSERT INTO parted_a VALUES (1)"):
            assert [report.table for report in reports_of([statement])] == ["parted"]
    finally:
        query("DROP TABLE parted CASCADE")


# --- Installing ----------------------------------------------------------------------------------------


def test_everything_declared_is_installed_after_migrate(transactional_db):
    assert uncovered(query, "default") == frozenset()
    assert triggers.install("default") == []


@pytest.fixture
def without_a_trigger(transactional_db):
    query("DROP TRIGGER caching_update ON shelf_mute")
    yield
    triggers.install("default")
    assert uncovered(query, "default") == frozenset()


def test_missing_trigger_is_found_by_the_watch_and_the_check_and_made_again(rows, without_a_trigger):
    assert uncovered(query, "default") == {"mute"}
    assert check_now()
    assert mute_names.get().detail == "fwd=bypass; detail=untrusted"
    assert book_detail.get(pk=rows.pk).x_cache == "MISS"
    found = run_checks(tags=["caching"], databases=["default"], include_deployment_checks=False)
    assert [message.id for message in found if message.id.startswith("caching")] == ["caching.W004"]
    assert "mute" in found[0].msg
    assert triggers.install("default") == ["shelf_mute"]
    assert mute_names.get().x_cache == "MISS"
    assert mute_names.get().x_cache == "HIT"


@pytest.mark.parametrize("how", ["DISABLE TRIGGER caching_update", "DISABLE TRIGGER ALL"])
def test_disabled_trigger_is_a_missing_one(rows, how):
    query(f"ALTER TABLE shelf_mute {how}")
    try:
        assert uncovered(query, "default") == {"mute"}
        Mute.objects.create(name="a")
        assert mute_names.get().x_cache == "BYPASS"
        Mute.objects.update(name="b")
        assert mute_names.get().value == ["b"]
    finally:
        query("ALTER TABLE shelf_mute ENABLE TRIGGER ALL")
    assert uncovered(query, "default") == frozenset()


def test_another_release_keeps_its_dependents_until_they_are_pruned(declare, rows):
    theirs = declare(Cached, "v1:theirs", load=list, invalidated_by={Mute: ALL})
    before = installed_plans(query, ["shelf_mute"])["shelf_mute"]
    assert theirs.key in {each.pattern for each in before.dependents}
    own = Plan(
        frozenset(each for each in before.dependents if each.pattern == "mute"), frozenset(), frozenset()
    )
    assert own.with_other_releases(before).dependents == before.dependents


def test_plan_is_the_same_after_json_and_empty_for_anything_else():
    plan = plans("default")["shelf_book"]
    assert Plan.from_json(plan.to_json()) == plan
    for text in (None, "", "a comment", "[]", "{}", "[1, 2, 3]"):
        assert Plan.from_json(text) == Plan(frozenset(), frozenset(), frozenset())


def test_plan_names_the_columns_by_which_routes_begin_and_pass():
    assert plans("default")["shelf_book"].columns >= {"id", "shelf_id"}
    assert json.loads(plans("default")["shelf_book"].to_json())[2] == []


def test_changes_that_were_not_reported_before_the_triggers_are_invalidated(transactional_db):
    assert triggers.groups("default", ["shelf_mute"]) == {mute_names.group}


def test_trigger_survives_a_column_that_is_dropped(rows):
    """During a migration the function still uses the column: then all rows count as changed."""
    query("CREATE TABLE gone (id int, a int)")
    try:
        function = triggers.function_sql("gone", Plan(frozenset(), frozenset({"a"}), frozenset()))
        query(function)
        _trigger("insert", "gone")
        [report] = reports_of(["INSERT INTO gone VALUES (1, 2)"])
        assert report.rows == ((2,),)
        query("ALTER TABLE gone DROP COLUMN a")
        [report] = reports_of(["INSERT INTO gone VALUES (1)"])
        assert report.rows is None
    finally:
        query("DROP TABLE gone CASCADE")


def test_write_of_another_connection_is_not_reported_here(rows):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("UPDATE shelf_shelf SET name = 'new' WHERE id = %s", [rows.upper.pk])
    finally:
        other.close()
    assert not connection.pending.notices
    assert Shelf.objects.get(pk=rows.upper.pk).name == "new"
    assert Book.objects.count() == 3
