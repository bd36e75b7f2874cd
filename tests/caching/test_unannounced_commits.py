"""Statements whose text does not show that they write, and commits that Django does not make, are fenced.

Without a fence the change can be read before it is invalidated: a list shows it, but a detail that was
cached before does not. And after a process is killed in between, the old value stays until its TTL ends.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction

from caching import Cached
from caching.models import Outbox
from caching.recovery.session import Session
from caching.testing import original, own_declarations, replaced
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, loose_names
from tests.caching.testapp.models import Book, Loose
from tests.support.threads import Other

pytestmark = pytest.mark.usefixtures("transactional_db")


def elsewhere(work):
    """Return the result of ``work`` in another thread."""
    return Other(work).result()


@pytest.fixture
def book(rows):
    """Return a book whose detail is cached."""
    for _ in range(2):
        elsewhere(lambda: book_detail.get(pk=rows.pk))
    return rows


@pytest.fixture
def function(rows):
    """Create a database function that renames a book."""
    run(
        "CREATE FUNCTION f_rename(which bigint, name text) RETURNS integer LANGUAGE sql AS"
        " $$ UPDATE shelf_book SET title = name WHERE id = which RETURNING 1 $$"
    )
    yield
    run("DROP FUNCTION f_rename(bigint, text)")


@pytest.fixture
def drops():
    """Count invalidations of changes that were already committed."""
    seen = []
    drop = original("drop")
    with replaced("drop", lambda gateway, targets: seen.append(targets) or drop(gateway, targets)):
        yield seen


def run(sql, params=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def lose_drops():
    """Skip invalidations after a commit, as if the process were killed before them."""
    return replaced("drop", lambda *_: None)


def title(pk):
    return elsewhere(lambda: book_detail.get(pk=pk)).value["title"]


DEFERRED = """
CREATE FUNCTION f_twice() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN UPDATE shelf_book SET title = 'new'; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER tr_twice AFTER INSERT ON shelf_loose DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION f_twice()
"""
RENAMING = {
    "function": "SELECT f_rename(%s, 'new')",
    "block": "DO $$ BEGIN EXECUTE 'UPDATE shelf_book SET title = ''new'' WHERE id = ' || %s; END $$",
    "insert with DO": "INSERT INTO shelf_book SELECT * FROM shelf_book WHERE id = %s"
    " ON CONFLICT (id) DO UPDATE SET title = 'new'",
    "several": "UPDATE shelf_book SET title = 'new' WHERE id = %s; COMMIT; SELECT 1",
    "begin": "BEGIN; UPDATE shelf_book SET title = 'new' WHERE id = %s; COMMIT",
}


@pytest.mark.usefixtures("function")
@pytest.mark.parametrize("sql", RENAMING.values(), ids=RENAMING)
def test_what_commits_by_itself_is_invalidated_before_and_not_after(book, sql):
    with lose_drops():
        run(sql, [book.pk])
    assert title(book.pk) == "new"


@pytest.mark.usefixtures("function")
def test_a_text_that_has_written_is_run_in_a_transaction_at_once(book, drops):
    run(RENAMING["function"], [book.pk])
    statements = []
    with connection.execute_wrapper(lambda execute, *rest: statements.append(rest) or execute(*rest)):
        run(RENAMING["function"], [book.pk])
    assert len(statements) == 1
    assert drops == []


@pytest.mark.usefixtures("function")
def test_a_function_that_writes_returns_what_it_returns(book):
    with connection.cursor() as cursor:
        cursor.execute("SELECT f_rename(%s, 'new')", [book.pk])
        assert cursor.fetchall() == [(1,)]


def test_a_raw_commit_in_a_transaction_is_fenced(book):
    def write():
        with transaction.atomic():
            Book.objects.filter(pk=book.pk).update(title="new")
            with lose_drops():
                run("COMMIT")

    elsewhere(write)
    assert title(book.pk) == "new"


def test_a_procedure_that_commits_is_carried_out(book):
    run(
        "CREATE PROCEDURE p_rename(which bigint) LANGUAGE plpgsql AS"
        " $$ BEGIN UPDATE shelf_book SET title = 'new' WHERE id = which; COMMIT; END $$"
    )
    try:
        with lose_drops():
            run("CALL p_rename(%s)", [book.pk])
        assert title(book.pk) == "new"
    finally:
        run("DROP PROCEDURE p_rename(bigint)")


def test_what_a_deferred_trigger_writes_is_fenced_before_the_commit(rows):
    run(DEFERRED)
    try:
        assert title(rows.pk) == title(rows.pk) == "old"
        with lose_drops():
            Loose.objects.create(name="x")
        assert title(rows.pk) == "new"
    finally:
        run("DROP FUNCTION f_twice() CASCADE")


def test_definitions_that_need_no_transaction_are_carried_out():
    run("CREATE INDEX CONCURRENTLY i_title ON shelf_book (title)")
    run("DROP INDEX CONCURRENTLY i_title")
    run("VACUUM shelf_loose")


def test_an_error_of_the_statement_itself_is_raised_once(book):
    statements = []
    collecting = connection.execute_wrapper(lambda execute, *rest: statements.append(rest) or execute(*rest))
    with collecting, pytest.raises(DatabaseError):
        run("SELECT 1 / 0")
    assert len(statements) == 1


def test_reads_need_no_transaction(rows):
    steps = []
    with replaced("COMMIT", lambda wrapper: steps.append("COMMIT")):
        assert Loose.objects.count() == 0
        run("SELECT count(*) FROM shelf_book")
    assert steps == []
    assert elsewhere(loose_names.get).value == []


@one_server
def test_with_redis_away_what_a_commit_itself_changes_is_in_the_outbox(rows, proxy):
    """A deferred trigger that another process has created runs within COMMIT."""
    Loose.objects.create(name="there are no such triggers, and that is remembered")
    session = Session("default")
    session.query(DEFERRED)
    session.close()
    try:
        proxy.mode = "refuse"
        Loose.objects.create(name="x")
        assert connection.is_idle()
        assert elsewhere(lambda: Outbox.objects.filter(node__icontains="books:detail").exists())
    finally:
        run("DROP FUNCTION f_twice() CASCADE")


@one_server
def test_with_redis_away_a_change_that_concerns_nothing_is_committed(proxy):
    with own_declarations() as report:
        Cached("groups:{pk}", ttl=60, load=lambda pk: pk, invalidated_by={Group: "user__pk"})
        report()
        proxy.mode = "refuse"
        for name in ("empty", "too", "as well"):  # the last ones with the breaker open
            Group.objects.create(name=name)
        assert connection.is_idle()
    assert elsewhere(Group.objects.count) == 3
