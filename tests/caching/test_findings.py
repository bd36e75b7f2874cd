"""Faults that others found in the first generation of the cache, each with an example of its own.

The reader is another thread with a connection of its own, like another request.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import threading
import time

import pytest
import redis
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.models.signals import post_save
from django.urls import reverse, set_script_prefix
from django.utils import translation

from caching import ALL, Cached, CachedFamily
from caching.errors import UndeclaredTable
from caching.gateway import get_gateway
from caching.postgresql import triggers
from caching.registry import _declared
from caching.testing import original, replaced
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, book_pages, loose_names, shelf_detail
from tests.caching.testapp.models import Book, Label, Loose, Shelf
from tests.support.threads import Other, at_once
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("transactional_db")


def elsewhere(work):
    """Return the result of ``work`` in another thread."""
    return Other(work).result()


def title(pk):
    return elsewhere(lambda: book_detail.get(pk=pk)).value["title"]


@pytest.fixture
def warm(rows):
    """Return rows whose details and lists are cached."""
    for read in (
        lambda: book_detail.get(pk=rows.pk),
        book_pages.get,
        lambda: shelf_detail.get(pk=rows.upper.pk),
    ):
        elsewhere(read)
        assert elsewhere(read).x_cache == "HIT"
    return rows


def run(sql, params=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.fixture
def functions(transactional_db):
    """Return a function that creates functions, views or triggers, which are dropped after the test."""
    made = []

    def make(sql, drop):
        made.append(drop)
        run(sql)

    yield make
    for drop in reversed(made):
        run(drop)


@contextlib.contextmanager
def declared(*things):
    """Add declarations with their triggers, and remove them at the end."""
    triggers.install("default")
    try:
        get_gateway().watch.recheck_triggers()
        yield
    finally:
        for thing in things:
            _declared.pop(thing.key, None)
        triggers.install("default", prune=True)
        get_gateway().watch.recheck_triggers()


# --- Declarations --------------------------------------------------------------------------------


def test_receiver_that_invalidates_one_dependent_leaves_no_other_stale(warm):
    def partial(instance, **kwargs):
        book_pages.invalidate_all()

    post_save.connect(partial, sender=Shelf)
    try:
        shelf = Shelf.objects.get(pk=warm.upper.pk)
        shelf.name = "new"
        shelf.save()
    finally:
        post_save.disconnect(partial, sender=Shelf)
    assert elsewhere(lambda: book_detail.get(pk=warm.pk)).value["shelf"] == "new"
    assert elsewhere(lambda: shelf_detail.get(pk=warm.upper.pk)).value["name"] == "new"


def test_table_that_is_read_but_not_declared_is_an_error_with_the_line_to_write(rows):
    thing = Cached(
        "undeclared:{pk}",
        ttl=60,
        load=lambda pk: [Book.objects.get(pk=pk).title, Label.objects.count()],
        invalidated_by={Book: "pk"},
    )
    with declared(thing), pytest.raises(UndeclaredTable, match=r"undeclared:\{pk\}.*shelf_label.*Label: ALL"):
        thing.get(pk=rows.pk)


def test_table_behind_a_view_and_a_function_is_an_error_too(rows, functions):
    functions("CREATE VIEW v_label AS SELECT count(*) AS n FROM shelf_label", "DROP VIEW v_label")
    functions(
        "CREATE FUNCTION f_loose() RETURNS bigint LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN (SELECT count(*) FROM shelf_loose); END $$",
        "DROP FUNCTION f_loose()",
    )

    def through(sql):
        def load():
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchone()[0]

        return load

    for sql, table in (("SELECT n FROM v_label", "shelf_label"), ("SELECT f_loose()", "shelf_loose")):
        thing = Cached("behind", ttl=60, load=through(sql), invalidated_by={Book: ALL})
        with declared(thing), pytest.raises(UndeclaredTable, match=table):
            thing.get()


def test_lagging_field_invalidates_nothing_and_its_neighbours_do(rows):
    thing = Cached(
        "lagging:{pk}",
        ttl=60,
        load=lambda pk: {"title": Book.objects.get(pk=pk).title},
        invalidated_by={Book: "pk"},
        lags={Book: ["sequel_of"]},
    )
    only = [_declared.pop(key) for key in list(_declared) if key != thing.key]
    try:
        with declared():
            triggers.install("default", prune=True)
            elsewhere(lambda: thing.get(pk=rows.pk))
            Book.objects.filter(pk=rows.pk).update(sequel_of=rows.third)
            assert elsewhere(lambda: thing.get(pk=rows.pk)).x_cache == "HIT"
            Book.objects.filter(pk=rows.pk).update(sequel_of=None, title="new")
            assert elsewhere(lambda: thing.get(pk=rows.pk)).value == {"title": "new"}
            run("TRUNCATE shelf_book CASCADE")
            with pytest.raises(Book.DoesNotExist):
                elsewhere(lambda: thing.get(pk=rows.pk))
    finally:
        for each in only:
            _declared[each.key] = each
        _declared.pop(thing.key)
        triggers.install("default", prune=True)


def test_other_shape_of_the_same_key_is_never_read(rows):
    def release(shape, value):
        made = Cached("shaped:{pk}", ttl=60, load=lambda pk: value, shape=shape, invalidated_by={Book: "pk"})
        pages = CachedFamily("shaped", ttl=60, load=lambda: value, shape=shape, invalidated_by={Book: ALL})
        return made, pages

    old = release({"title": "text"}, {"title": "x"})
    for shape in ({"title": "text", "pages": "int"}, {}, {"title": "int"}):
        new = release(shape, {"other": str(shape)})
        with declared(*new):
            for _ in range(3):
                for detail, pages in (old, new):
                    expected = detail._load(pk=1)
                    assert detail.get(pk=1).value == expected
                    assert detail.get(pk=1).x_cache == "HIT"
                    assert pages.get().value == expected
                    assert pages.get().x_cache == "HIT"
            Book.objects.filter(pk=rows.pk).update(title="new")  # a write by either invalidates for both
            assert {thing.get().x_cache for thing in (old[1], new[1])} == {"MISS"}


def test_filled_family_stores_a_further_page(rows):
    for number in range(7):  # it holds five
        book_pages.get(shelf=1000 + number)
    assert book_pages.get(shelf=1006).x_cache == "HIT"
    assert book_pages.get(shelf=1002).x_cache == "HIT"
    assert book_pages.get(shelf=1001).x_cache == "MISS"


# --- Statements whose text does not show the table --------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "DO $$ BEGIN EXECUTE format('UPDATE %I SET title = %L', 'shelf_' || 'book', 'new'); END $$",
        "UPDATE /* a /* nested */ comment */ shelf_book SET title = 'new'",
        "SELECT E'\\''; UPDATE/**/shelf_book SET title = 'new'",
        "SELECT $$'$$; UPDATE/**/shelf_book SET title = 'new'",
        "UPDATE U&\"shelf\\005Fbook\" SET title = 'new'",
        "WITH x AS (UPDATE shelf_book SET title = 'new' RETURNING 1) SELECT count(*) FROM x",
        "MERGE INTO shelf_book b USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET title = 'new'",
    ],
)
@pytest.mark.parametrize("block", [contextlib.nullcontext, transaction.atomic], ids=["autocommit", "atomic"])
def test_statement_of_any_form_is_noticed(warm, sql, block):
    with block():
        run(sql)
    assert title(warm.pk) == "new"
    assert elsewhere(book_pages.get).value["titles"] == ["new"] * 3


@pytest.mark.parametrize("block", [contextlib.nullcontext, transaction.atomic], ids=["autocommit", "atomic"])
def test_statement_prepared_earlier_and_explained_is_noticed(rows, block):
    run("PREPARE p AS UPDATE shelf_book SET title = 'new'")
    assert title(rows.pk) == "old"
    assert elsewhere(lambda: book_detail.get(pk=rows.pk)).x_cache == "HIT"
    with block():
        run("EXPLAIN ANALYZE EXECUTE p")
    run("DEALLOCATE p")
    assert title(rows.pk) == "new"


def test_copy_of_an_update_is_noticed(warm):
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY (UPDATE shelf_book SET title = 'new' RETURNING id) TO STDOUT", io.StringIO())
    assert title(warm.pk) == "new"


@pytest.mark.parametrize("block", [contextlib.nullcontext, transaction.atomic], ids=["autocommit", "atomic"])
def test_copy_into_a_table_is_noticed(rows, block):
    assert elsewhere(loose_names.get).value == []
    with block(), connection.cursor() as cursor:
        cursor.copy_from(io.StringIO("copied\n"), "shelf_loose", columns=["name"])
    assert elsewhere(loose_names.get).value == ["copied"]


@pytest.mark.parametrize(
    ("make", "drop", "write"),
    [
        (
            (
                "CREATE FUNCTION f_write() RETURNS int LANGUAGE sql AS"
                " $$ UPDATE shelf_book SET title = 'new' RETURNING 1 $$"
            ),
            "DROP FUNCTION f_write()",
            "SELECT f_write()",
        ),
        (
            "CREATE VIEW v_book AS SELECT id, title FROM shelf_book",
            "DROP VIEW v_book",
            "UPDATE v_book SET title = 'new'",
        ),
        (
            (
                "CREATE FUNCTION f_tr() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN UPDATE shelf_book SET title = 'new'; RETURN NULL; END $$;"
                "CREATE TRIGGER tr AFTER INSERT ON shelf_mute FOR EACH STATEMENT EXECUTE FUNCTION f_tr()"
            ),
            "DROP FUNCTION f_tr() CASCADE",
            "INSERT INTO shelf_mute (name) VALUES ('x')",
        ),
        (
            (
                "CREATE FUNCTION f_def() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN UPDATE shelf_book SET title = 'new'; RETURN NULL; END $$;"
                "CREATE CONSTRAINT TRIGGER tr_def AFTER INSERT ON shelf_mute DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION f_def()"
            ),
            "DROP FUNCTION f_def() CASCADE",
            "INSERT INTO shelf_mute (name) VALUES ('x')",
        ),
        (
            "CREATE RULE r_mute AS ON INSERT TO shelf_mute DO ALSO UPDATE shelf_book SET title = 'new'",
            "DROP RULE r_mute ON shelf_mute",
            "INSERT INTO shelf_mute (name) VALUES ('x')",
        ),
    ],
    ids=["function", "view", "trigger", "deferred trigger", "rule"],
)
@pytest.mark.parametrize("block", [contextlib.nullcontext, transaction.atomic], ids=["autocommit", "atomic"])
def test_what_the_database_writes_by_itself_is_noticed(rows, functions, make, drop, write, block):
    functions(make, drop)
    assert title(rows.pk) == "old"
    assert elsewhere(lambda: book_detail.get(pk=rows.pk)).x_cache == "HIT"
    with block():
        run(write)
    assert title(rows.pk) == "new"


def test_child_table_is_noticed(rows, functions):
    functions("CREATE TABLE shelf_loose_child () INHERITS (shelf_loose)", "DROP TABLE shelf_loose_child")
    triggers.install("default")
    assert elsewhere(loose_names.get).value == []
    run("INSERT INTO shelf_loose_child (id, name) VALUES (1, 'child')")
    assert elsewhere(loose_names.get).value == ["child"]


def test_table_that_takes_another_ones_name_is_noticed(rows):
    Loose.objects.create(name="before")
    assert elsewhere(loose_names.get).value == ["before"]
    run(
        "CREATE TABLE other (LIKE shelf_loose INCLUDING ALL);"
        "INSERT INTO other (id, name) VALUES (1, 'after');"
        "ALTER TABLE shelf_loose RENAME TO former; ALTER TABLE other RENAME TO shelf_loose"
    )
    try:
        assert elsewhere(loose_names.get).value == ["after"]
        Loose.objects.update(name="later")  # it has no triggers
        assert elsewhere(loose_names.get).value == ["later"]
    finally:
        run("DROP TABLE shelf_loose; ALTER TABLE former RENAME TO shelf_loose")
    assert elsewhere(loose_names.get).value == ["before"]


@pytest.mark.parametrize("block", [contextlib.nullcontext, transaction.atomic], ids=["autocommit", "atomic"])
def test_other_row_that_a_fields_pre_save_writes_is_noticed(warm, monkeypatch, block):
    def pre_save(instance, add):
        if instance.title == "third, saved":
            run("UPDATE shelf_book SET title = 'new' WHERE id = %s", [warm.pk])
        return instance.title

    monkeypatch.setattr(Book._meta.get_field("title"), "pre_save", pre_save)
    with block():
        warm.third.title = "third, saved"
        warm.third.save()
    assert title(warm.pk) == "new"


@pytest.mark.parametrize("text", [" " * 16_384, "(" * 16_384, "/*" * 8_192, "'" * 16_384, "end " * 4_000])
@pytest.mark.parametrize("verb", ["SELECT 1", "UPDATE", "SELECT 'please update"])
def test_long_text_costs_no_time(verb, text):
    from caching.write.statements import kind_of

    began = time.process_time()
    kind_of(f"{verb}{text}'")
    kind_of(f"{text}{verb}")
    assert time.process_time() - began < 0.2


# --- Transactions that end without Django -------------------------------------------------------------


def _multi():
    run("UPDATE shelf_book SET title = 'new'; COMMIT; SELECT 1/0")


def _multi_in_atomic():
    with transaction.atomic():
        run("UPDATE shelf_book SET title = 'new'; COMMIT; SELECT 1/0")


def _raw_commit_then_error():
    with transaction.atomic():
        Book.objects.update(title="new")
        run("COMMIT")
        raise DatabaseError


def _raw_commit_then_error_of_the_database():
    with transaction.atomic():
        Book.objects.update(title="new")
        run("COMMIT")
        run("SELECT 1/0")


def _chain():
    with transaction.atomic():
        Book.objects.update(title="new")
        run("COMMIT AND CHAIN")
        raise DatabaseError


def _without_autocommit():
    connection.set_autocommit(False)
    try:
        Book.objects.update(title="new")
        run("COMMIT")
        connection.rollback()
    finally:
        connection.set_autocommit(True)


def _end():
    with transaction.atomic():
        Book.objects.update(title="new")
        run("END")
        raise DatabaseError


@pytest.mark.parametrize(
    "write",
    [
        _multi,
        _multi_in_atomic,
        _raw_commit_then_error,
        _raw_commit_then_error_of_the_database,
        _chain,
        _without_autocommit,
        _end,
    ],
)
def test_transaction_ended_behind_django_is_noticed(warm, write):
    with contextlib.suppress(DatabaseError):
        write()
    assert title(warm.pk) == "new"


def test_chained_commit_is_invalidated_when_control_returns(warm):
    with transaction.atomic():
        Book.objects.update(title="new")
        run("COMMIT AND CHAIN")
        assert title(warm.pk) == "new"
        Book.objects.update(title="newer")
        assert title(warm.pk) == "new"
    assert title(warm.pk) == "newer"


def test_raw_transaction_belongs_to_its_owner(warm):
    run("BEGIN")
    Book.objects.update(title="never")
    run("ROLLBACK")
    assert Book.objects.filter(title="never").count() == 0
    run("BEGIN")
    Book.objects.update(title="new")
    assert title(warm.pk) == "old"
    run("COMMIT")
    assert title(warm.pk) == "new"


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
@pytest.mark.parametrize("order", ["write, miss", "miss, write"])
def test_cached_miss_after_a_raw_begin_keeps_the_transaction(rows, order, end):
    run("BEGIN")
    for step in order.split(", "):
        if step == "miss":
            book_pages.get(shelf=rows.upper.pk)
        else:
            Loose.objects.create(name="mine")
    run(end)
    assert elsewhere(lambda: Loose.objects.filter(name="mine").exists()) == (end == "COMMIT")


def test_procedure_that_commits_works_and_is_noticed(warm, functions):
    functions(
        "CREATE PROCEDURE p_write() LANGUAGE plpgsql AS"
        " $$ BEGIN UPDATE shelf_book SET title = 'new'; COMMIT; END $$",
        "DROP PROCEDURE p_write()",
    )
    run("CALL p_write()")
    assert title(warm.pk) == "new"


def test_block_that_commits_works_and_is_noticed(warm):
    run("DO $$ BEGIN UPDATE shelf_book SET title = 'new'; COMMIT; END $$")
    assert title(warm.pk) == "new"


class SoftLimitError(Exception):
    pass


@pytest.mark.parametrize("place", ["update", "raw"])
def test_exception_after_the_statement_loses_nothing(warm, place):
    """The signal of a soft time limit arrives between the statement and the code that handles it."""

    def interrupt(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if "shelf_book" in sql and "UPDATE" in sql:
            raise SoftLimitError
        return result

    statement = "UPDATE shelf_book SET title = 'new'"
    with transaction.atomic():
        with contextlib.suppress(SoftLimitError), connection.execute_wrapper(interrupt):
            run(statement) if place == "raw" else Book.objects.update(title="new")
        transaction.set_rollback(False)  # the caller commits all the same
    assert title(warm.pk) == "new"


def test_signal_in_the_middle_of_a_flush_loses_nothing(warm, monkeypatch):
    """The statement is not followed by a commit of Django's."""
    original = get_gateway().drop
    interrupted = []

    def once(targets):
        if not interrupted:
            interrupted.append(True)
            raise SoftLimitError
        return original(targets)

    monkeypatch.setattr(get_gateway(), "drop", once)
    with contextlib.suppress(SoftLimitError):
        run("DO $$ BEGIN UPDATE shelf_book SET title = 'new'; END $$")
    assert interrupted
    assert title(warm.pk) == "new"


# --- Locks ------------------------------------------------------------------------------------------


def test_writer_of_a_row_holds_up_no_row_that_refers_to_it(warm):
    with transaction.atomic():
        Shelf.objects.filter(pk=warm.upper.pk).update(name="new")
        run("SET LOCAL lock_timeout TO '1s'")
        elsewhere(lambda: Book.objects.create(title="beside", shelf_id=warm.upper.pk))
    assert elsewhere(lambda: shelf_detail.get(pk=warm.upper.pk)).value["name"] == "new"


def test_row_that_moves_to_a_renamed_parent_is_not_stale(warm):
    """The writer that renames the shelf queries its books before the commit of the other writer."""
    moved = Book.objects.create(title="moved", shelf=warm.lower)
    elsewhere(lambda: book_detail.get(pk=moved.pk))
    gate, go = threading.Event(), threading.Event()

    def move():
        with transaction.atomic():
            Book.objects.filter(pk=moved.pk).update(shelf=warm.upper)
            gate.set()
            assert go.wait(20)

    other = Other(move)
    assert gate.wait(20)
    renamed = Other(lambda: Shelf.objects.filter(pk=warm.upper.pk).update(name="new"))
    renamed.result()
    go.set()
    other.result()
    assert elsewhere(lambda: book_detail.get(pk=moved.pk)).value["shelf"] == "new"


def test_writers_of_one_parent_and_children_of_the_other_do_not_deadlock(warm):
    shelves = [warm.upper.pk, warm.lower.pk]

    def writer(number):
        def work():
            for turn in range(40):
                mine, others = shelves[(number + turn) % 2], shelves[(number + turn + 1) % 2]
                with transaction.atomic():
                    Shelf.objects.filter(pk=mine).update(name=f"{number} {turn}")
                    Book.objects.create(title="x", shelf_id=others)

        return work

    at_once(*(writer(number) for number in range(6)))


def test_writers_of_parents_and_children_at_once_do_not_deadlock(warm):
    """These writes succeed in plain Django, so they must succeed here: the cache waits for no lock."""
    shelves = [warm.upper.pk, warm.lower.pk]
    books = list(Book.objects.values_list("pk", flat=True))

    def writer(number):
        def work():
            for turn in range(40):
                mine, others = shelves[(number + turn) % 2], shelves[(number + turn + 1) % 2]
                kind = (number + turn) % 4
                with transaction.atomic():
                    if kind == 0:
                        Shelf.objects.filter(pk=mine).update(name=f"{number} {turn}")
                    elif kind == 1:
                        Book.objects.filter(pk=books[number % 3]).update(shelf=others)
                    elif kind == 2:
                        Book.objects.create(title=f"{number} {turn}", shelf_id=mine)
                    else:
                        Shelf.objects.filter(pk=mine).update(name=f"{turn}")
                        Book.objects.create(title="x", shelf_id=others)

        return work

    at_once(*(writer(number) for number in range(6)))
    for pk in shelves:
        found = elsewhere(lambda pk=pk: shelf_detail.get(pk=pk))
        assert found.value["name"] == Shelf.objects.get(pk=pk).name


# --- Redis, the outbox, the database --------------------------------------------------------------------


@contextlib.contextmanager
def outbox_locked(mode):
    taken, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            run(f"LOCK TABLE caching_outbox IN {mode} MODE")
            taken.set()
            assert done.wait(50)

    other = Other(hold)
    assert taken.wait(20)
    try:
        yield
    finally:
        done.set()
        other.result()


@one_server
def test_trouble_with_the_outbox_is_no_trouble_of_redis(warm):
    """Its table is locked, and a connection breaks: reads bypass the cache, and writes still fence."""
    with outbox_locked("ACCESS EXCLUSIVE"):
        get_gateway().backend.breaks += 1  # as after CLIENT KILL: Redis must be checked
        until(lambda: elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "BYPASS", 10)
        for _ in range(4):  # a breaker opens after a few failures
            elsewhere(lambda: book_detail.get(pk=warm.pk))
        run("SET lock_timeout TO '3s'")
        Book.objects.filter(pk=warm.pk).update(title="new")
        assert not get_gateway().breaker.is_open
        assert elsewhere(lambda: Book.objects.get(pk=warm.pk)).title == "new"
    assert title(warm.pk) == "new"
    until(lambda: elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "HIT", 10)


@one_server
def test_write_while_the_outbox_cannot_be_drained_is_seen_by_another_process(warm, child):
    reader = child()
    until(lambda: reader.ask("title", warm.pk) == ["old", "HIT"], 10)
    with outbox_locked("SHARE UPDATE EXCLUSIVE"):
        get_gateway().backend.breaks += 1
        for _ in range(4):
            elsewhere(lambda: book_detail.get(pk=warm.pk))
        Book.objects.filter(pk=warm.pk).update(title="new")
        assert reader.ask("title", warm.pk)[0] == "new"
        assert not get_gateway().breaker.is_open


@one_server
def test_idle_reader_learns_what_a_killed_writer_left_in_the_outbox(warm, cache_redis, proxy, child):
    port = cache_redis.connection_pool.connection_kwargs["port"]
    reader, writer = child(f"redis://127.0.0.1:{port}/1"), child(proxy.url)
    for process in (reader, writer):
        until(lambda process=process: process.ask("title", warm.pk) == ["old", "HIT"], 10)
    proxy.mode = "refuse"
    assert writer.ask("rename", warm.pk, "new") == "new"
    writer.kill()
    until(lambda: reader.ask("title", warm.pk)[0] == "new", 5)


def test_error_of_the_driver_in_a_load_is_djangos(warm):
    book_pages.get(shelf=1)
    pid = connection.connection.info.backend_pid
    elsewhere(lambda: run("SELECT pg_terminate_backend(%s, 5000)", [pid]))
    try:
        with contextlib.suppress(DatabaseError):
            book_pages.get(shelf=2)
    finally:
        connection.close()


def test_read_inside_a_transaction_opens_no_second_connection(warm, monkeypatch):
    """It bypasses the cache while Redis is not trusted, and leaves the check to the watch thread."""
    checks = []
    get_gateway().watch.trust.withdraw()
    monkeypatch.setattr(get_gateway().watch, "check_now", lambda: checks.append("waited"))
    with transaction.atomic():
        assert book_detail.get(pk=warm.pk).value["title"] == "old"
    assert checks == []


@one_server
def test_invalidation_without_an_open_connection_while_redis_is_away_is_kept(warm, proxy):
    elsewhere(lambda: book_detail.get(pk=warm.pk))
    proxy.mode = "refuse"

    def invalidate():
        connections.close_all()
        book_detail.invalidate(pk=warm.pk)

    elsewhere(invalidate)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM caching_outbox")
        assert cursor.fetchone()[0] == 1


def test_commit_whose_answer_is_lost_is_found_out(warm):
    """The connection is cut while PostgreSQL has received the COMMIT but not run it."""
    assert elsewhere(loose_names.get).value == []
    stopped = []

    def commit_while_the_server_is_stopped(wrapper):
        stopped.append(wrapper.connection.info.backend_pid)
        os.kill(stopped[0], signal.SIGSTOP)
        threading.Timer(0.3, _shut, [wrapper.connection.fileno()]).start()
        commit(wrapper)

    def write():
        with replaced("COMMIT", commit_while_the_server_is_stopped), transaction.atomic():
            Loose.objects.create(name="slow")

    commit = original("COMMIT")
    with pytest.raises(DatabaseError):
        elsewhere(write)
    make_fences_overdue()
    get_gateway().watch.examine(loose_names.group, *(loose_names._entry({}).target,))
    get_gateway().watch.check()  # the transaction is in progress: the fence stays
    assert elsewhere(loose_names.get).x_cache == "BYPASS"
    os.kill(stopped[0], signal.SIGCONT)
    until(lambda: elsewhere(lambda: Loose.objects.filter(name="slow").exists()), 20)
    assert elsewhere(loose_names.get).value == ["slow"]
    until(lambda: elsewhere(loose_names.get).x_cache == "HIT", 20)
    assert elsewhere(loose_names.get).value == ["slow"]


def _shut(descriptor):
    with socket.socket(fileno=descriptor) as sock:
        sock.shutdown(socket.SHUT_RDWR)
        sock.detach()


def make_fences_overdue():
    """Make each fence overdue."""
    with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]) as client:
        for key in client.scan_iter("fence:*"):
            for token, _ in client.zscan_iter(key):
                client.zadd(key, {token: 1})


def test_full_redis_under_noeviction_costs_no_wait(rows, redis_server):
    """It has room for the lease and none for the value."""
    redis_server(maxmemory="3mb", **{"maxmemory-policy": "noeviction"})
    thing = Cached("big", ttl=60, load=lambda: ["x" * 2_000_000], invalidated_by={Book: ALL})
    with declared(thing):
        took = []
        for _ in range(4):
            began = time.monotonic()
            assert len(thing.get().body) > 1_000_000
            took.append(time.monotonic() - began)
        assert min(took[1:]) < 0.25


# --- Nothing of the caller -----------------------------------------------------------------------------


def test_value_holds_nothing_of_the_caller(rows):
    thing = Cached(
        "caller",
        ttl=60,
        load=lambda: [reverse("admin:index"), translation.get_language(), Book.objects.count()],
        invalidated_by={Book: ALL},
    )
    with declared(thing):
        set_script_prefix("/evil/")
        try:
            with translation.override("uk"):
                body = thing.get().body
        finally:
            set_script_prefix("/")
        assert b"evil" not in body
        assert b'"en"' in body


def test_alias_with_djangos_own_engine_on_the_same_database_is_an_error(monkeypatch):
    other = {**settings.DATABASES["default"], "ENGINE": "django.db.backends.postgresql"}
    monkeypatch.setitem(settings.DATABASES, "other", other)
    assert "caching.E002" in {message.id for message in run_checks(tags=["caching"])}


def test_database_that_went_back_clears_the_cache(warm, cache_redis):
    get_gateway().watch.check()
    keys = list(cache_redis.scan_iter("caching:origin*"))
    assert len(keys) == len(get_gateway().node_keys("caching:origin"))
    for key in keys:
        cache_redis.set(key, "7000000000000000000:1:00000001")
    get_gateway().watch.check()
    assert elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "MISS"


def test_fixture_that_is_loaded_is_noticed(warm, tmp_path):
    fixture = tmp_path / "books.json"
    fixture.write_text(
        f'[{{"model": "shelf.book", "pk": {warm.pk}, "fields": {{"title": "loaded", "readers": []}}}}]'
    )
    call_command("loaddata", str(fixture), verbosity=0)
    assert title(warm.pk) == "loaded"


def test_function_that_handles_errors_in_autocommit_writes_once_and_is_noticed(warm, functions):
    """The report of the changes must not be an error, which the function could catch."""
    functions(
        "CREATE FUNCTION f_careful() RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
        " UPDATE shelf_book SET title = title || '+'; RETURN 'written';"
        " EXCEPTION WHEN OTHERS THEN RETURN 'failed'; END $$",
        "DROP FUNCTION f_careful()",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT f_careful()")
        assert cursor.fetchone() == ("written",)
    assert title(warm.pk) == "old+"


def test_procedure_whose_client_is_killed_keeps_its_fences_until_it_ends(warm, functions):
    """It continues after its fences are overdue, and no old value may hide what it commits."""
    functions(
        "CREATE PROCEDURE p_slow() LANGUAGE plpgsql AS $$ BEGIN COMMIT; PERFORM pg_sleep(2);"
        " UPDATE shelf_book SET title = 'late'; COMMIT; END $$",
        "DROP PROCEDURE p_slow()",
    )

    def call():
        connection.ensure_connection()
        threading.Timer(0.3, _shut, [connection.connection.fileno()]).start()
        run("CALL p_slow()")

    with pytest.raises(DatabaseError):
        elsewhere(call)
    make_fences_overdue()
    assert elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "BYPASS"
    get_gateway().watch.check()
    assert elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "BYPASS"  # the procedure still runs
    until(lambda: elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "HIT", 20)
    assert title(warm.pk) == elsewhere(lambda: Book.objects.get(pk=warm.pk).title)
