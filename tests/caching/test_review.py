"""Faults that a review found, each with the shortest example that shows it."""

from __future__ import annotations

import contextlib
import copy
import threading
import time
import uuid

import pytest
import redis
from django.conf import settings
from django.db import connection, connections, models, transaction
from django.db.backends.postgresql.psycopg_any import is_psycopg3

from caching import ALL, Cached
from caching.errors import UndeclaredTable
from caching.gateway import get_gateway
from caching.postgresql import triggers
from caching.registry import _declared, restored
from caching.testing import announced_steps, own_declarations
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, loose_names, shelf_detail
from tests.caching.testapp.models import Book, Loose, Shelf
from tests.support.threads import Other, at_once
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("transactional_db")


class _SoftLimit(Exception):  # noqa: N818
    """Like Celery's, which a signal raises at any point of the task."""


def elsewhere(work):
    """Return the result of ``work`` in another thread."""
    return Other(work).result()


def title(pk):
    return elsewhere(lambda: book_detail.get(pk=pk)).value["title"]


def run(sql, params=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else None


@pytest.fixture
def warm(rows):
    """Return rows whose details are cached."""
    for read in (lambda: book_detail.get(pk=rows.pk), lambda: shelf_detail.get(pk=rows.upper.pk)):
        elsewhere(read)
        assert elsewhere(read).x_cache == "HIT"
    return rows


@contextlib.contextmanager
def replacing(owner, name, by):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, by)
        yield


# --- Triggers ---------------------------------------------------------------------------------------


def test_column_that_is_added_to_a_table_with_lagging_fields_is_reported(rows):
    with own_declarations() as report:
        _declared.clear()
        thing = Cached(
            "added:{pk}",
            ttl=60,
            load=lambda pk: run("SELECT to_jsonb(b) FROM shelf_book b WHERE id = %s", [pk])[0][0],
            invalidated_by={Book: "pk"},
            lags={Book: ["sequel_of"]},
        )
        report(prune=True)
        run("ALTER TABLE shelf_book ADD COLUMN extra text")
        try:
            report()  # as migrate does
            elsewhere(lambda: thing.get(pk=rows.pk))
            assert elsewhere(lambda: thing.get(pk=rows.pk)).x_cache == "HIT"
            run("UPDATE shelf_book SET extra = 'new'")
            assert "new" in str(elsewhere(lambda: thing.get(pk=rows.pk)).value)
        finally:
            run("ALTER TABLE shelf_book DROP COLUMN extra")


def test_write_does_not_fail_where_an_old_declaration_leads_through_a_table_that_is_gone(rows):
    """Release 1 declares a path; release 2 renames the key and later drops a table on the path."""
    run("CREATE TABLE old_way (id bigint PRIMARY KEY, book_id bigint)")
    try:
        with own_declarations() as report:

            class OldWay(models.Model):
                book = models.ForeignKey(Book, models.CASCADE)

                class Meta:
                    app_label = "testapp_review"
                    db_table = "old_way"
                    managed = False

            class Item(models.Model):
                way = models.ForeignKey(OldWay, models.CASCADE, db_column="sequel_of_id")

                class Meta:
                    app_label = "testapp_review"
                    db_table = "shelf_book"
                    managed = False

            Cached("v1:way:{pk}", ttl=60, load=lambda pk: 1, invalidated_by={Item: "way__book_id"})
            report()
            run("ALTER TABLE old_way RENAME TO older_way")
            Book.objects.filter(pk=rows.pk).update(sequel_of=rows.third, title="new")
            assert title(rows.pk) == "new"
    finally:
        run("DROP TABLE IF EXISTS old_way, older_way")


def test_role_without_the_privilege_to_lock_rows_on_the_way_can_write(warm):
    """SELECT … FOR UPDATE needs UPDATE on the table."""
    run("DROP ROLE IF EXISTS clerk")
    run("CREATE ROLE clerk")
    run("GRANT SELECT, UPDATE ON shelf_shelf TO clerk; GRANT SELECT ON shelf_book TO clerk")
    run("REVOKE ALL ON shelf_book FROM clerk; GRANT SELECT (title) ON shelf_book TO clerk")
    try:
        with transaction.atomic():
            run("SET LOCAL ROLE clerk")
            Shelf.objects.filter(pk=warm.upper.pk).update(name="new")
        assert elsewhere(lambda: book_detail.get(pk=warm.pk)).value["shelf"] == "new"
    finally:
        run("DROP OWNED BY clerk; DROP ROLE clerk")


def test_role_that_sees_only_some_rows_on_the_way_invalidates_all(warm):
    run("DROP ROLE IF EXISTS clerk")
    run("CREATE ROLE clerk")
    run("GRANT SELECT, UPDATE ON shelf_shelf, shelf_book TO clerk")
    run("ALTER TABLE shelf_book ENABLE ROW LEVEL SECURITY")
    try:
        with transaction.atomic():
            run("SET LOCAL ROLE clerk")
            Shelf.objects.filter(pk=warm.upper.pk).update(name="new")
        assert elsewhere(lambda: book_detail.get(pk=warm.pk)).value["shelf"] == "new"
    finally:
        run("ALTER TABLE shelf_book DISABLE ROW LEVEL SECURITY")
        run("DROP OWNED BY clerk; DROP ROLE clerk")


def test_commit_waits_for_no_lock_of_a_table_on_the_way(warm):
    """A migration locks a table and waits for another that the writer has locked: plain Django succeeds."""
    holds, waits = threading.Event(), threading.Event()

    def migrate():
        with transaction.atomic():
            run("LOCK TABLE shelf_book IN ACCESS EXCLUSIVE MODE")
            holds.set()
            assert waits.wait(20)
            run("LOCK TABLE shelf_shelf IN ACCESS EXCLUSIVE MODE")

    other = Other(migrate)
    with transaction.atomic():
        Shelf.objects.filter(pk=warm.upper.pk).update(name="new")
        assert holds.wait(20)
        waits.set()
        other.wait_until_it_waits()
    other.result()
    assert elsewhere(lambda: book_detail.get(pk=warm.pk)).value["shelf"] == "new"


def test_install_does_not_deadlock_with_a_writer_of_several_tables(rows):
    run("DROP TRIGGER caching_insert ON shelf_book; DROP TRIGGER caching_insert ON shelf_loose")
    with transaction.atomic():
        Loose.objects.create(name="x")
        installing = Other(lambda: triggers.install("default"))
        installing.wait_until_it_waits()
        Book.objects.filter(pk=rows.pk).update(title="new")
    assert set(installing.result()) == {"shelf_book", "shelf_loose"}


def test_table_with_an_odd_name_can_be_declared(rows):
    name = 'odd%s {0} \' "table"'
    quoted = '"' + name.replace('"', '""') + '"'
    run(f"CREATE TABLE {quoted} (id bigint)")
    try:
        with own_declarations() as report:
            thing = Cached(
                "odd", ttl=60, load=lambda: run(f"SELECT * FROM {quoted}"), invalidated_by={name: ALL}
            )
            report()
            assert elsewhere(thing.get).value == []
            assert elsewhere(thing.get).x_cache == "HIT"
            run(f"INSERT INTO {quoted} VALUES (1)")
            assert elsewhere(thing.get).value == [[1]]
    finally:
        run(f"DROP TABLE {quoted}")


def test_functions_of_tables_with_long_names_differ():
    first, second = (triggers.function_name("каталог_электронных_книг_" + end) for end in "аб")
    assert first.encode()[:63] != second.encode()[:63]
    assert max(len(first.encode()), len(second.encode())) <= 65  # with its quotes


def test_message_of_the_applications_own_breaks_nothing(warm):
    with transaction.atomic():
        run("DO $$ BEGIN RAISE NOTICE 'caching:{oops'; END $$")
        Book.objects.filter(pk=warm.pk).update(title="new")
    assert title(warm.pk) == "new"


# --- Keys -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["0{}", "+{}", "{}.0"])
def test_parameter_in_another_form_is_invalidated_too(rows, form):
    pk = form.format(rows.pk)
    with contextlib.suppress(ValueError):
        elsewhere(lambda: book_detail.get(pk=pk))
        Book.objects.filter(pk=rows.pk).update(title="new")
        assert elsewhere(lambda: book_detail.get(pk=pk)).value["title"] == "new"


def test_uuid_in_another_form_is_invalidated_too(rows):
    run("CREATE TABLE with_uuid (id uuid PRIMARY KEY, name text)")
    try:

        class WithUuid(models.Model):
            id = models.UUIDField(primary_key=True)
            name = models.TextField()

            class Meta:
                app_label = "testapp_review"
                db_table = "with_uuid"
                managed = False

        with own_declarations() as report:
            thing = Cached(
                "uuid:{pk}",
                ttl=60,
                load=lambda pk: WithUuid.objects.get(pk=pk).name,
                invalidated_by={WithUuid: "pk"},
            )
            report()
            pk = uuid.uuid4()
            WithUuid.objects.create(id=pk, name="old")
            forms = [pk, str(pk).upper(), pk.hex]
            for form in forms:
                assert elsewhere(lambda form=form: thing.get(pk=form)).value == "old"
            WithUuid.objects.update(name="new")
            assert [elsewhere(lambda form=form: thing.get(pk=form)).value for form in forms] == ["new"] * 3
    finally:
        run("DROP TABLE with_uuid")


def test_value_of_rows_that_refer_to_nothing_is_invalidated_too(rows):
    with own_declarations() as report:
        thing = Cached(
            "of-shelf:{pk}",
            ttl=60,
            load=lambda pk: list(Book.objects.filter(shelf=pk).values_list("title", flat=True)),
            invalidated_by={Book: "shelf_id"},
        )
        report()
        assert elsewhere(lambda: thing.get(pk=None)).value == []
        Book.objects.create(title="on no shelf")
        assert elsewhere(lambda: thing.get(pk=None)).value == ["on no shelf"]


class Backwards(models.CharField):
    """A field whose values have other texts in the database."""

    def from_db_value(self, value, expression, connection):
        return value and value[::-1]

    def get_prep_value(self, value):
        return value and str(value)[::-1]


def test_field_whose_values_have_other_texts_in_the_database_is_invalidated(rows):
    class Odd(models.Model):
        name = Backwards(max_length=50)

        class Meta:
            app_label = "testapp_review"
            db_table = "shelf_loose"
            managed = False

    with own_declarations() as report:
        thing = Cached(
            "backwards:{name}",
            ttl=60,
            load=lambda name: Odd.objects.filter(name=name).count(),
            invalidated_by={Odd: "name"},
        )
        report()
        assert elsewhere(lambda: thing.get(name="abc")).value == 0
        Odd.objects.create(name="abc")
        assert elsewhere(lambda: thing.get(name="abc")).value == 1


# --- Writers ----------------------------------------------------------------------------------------


def test_exception_of_a_signal_before_the_commit_leaves_no_open_transaction(warm):
    original = get_gateway().fence
    interrupted = []

    def once(*args):
        if not interrupted:
            interrupted.append(True)
            raise _SoftLimit
        return original(*args)

    with replacing(get_gateway(), "fence", once), pytest.raises(_SoftLimit), transaction.atomic():
        Book.objects.filter(pk=warm.pk).update(title="never")
    assert connection.get_autocommit()
    Loose.objects.create(name="after")
    assert elsewhere(lambda: Loose.objects.filter(name="after").exists())
    assert title(warm.pk) == "old"


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO shelf_loose (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'y'",
        "INSERT INTO shelf_loose (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING",
        "UPDATE shelf_mute AS \"end\" SET name = 'x'; INSERT INTO shelf_loose (name) VALUES ('x')",
        "WITH \"commit\" AS (SELECT 1) INSERT INTO shelf_loose (name) VALUES ('x')",
    ],
)
def test_statement_in_autocommit_is_fenced(rows, sql):
    elsewhere(loose_names.get)
    steps = []
    with announced_steps(steps.append):
        run(sql)
    assert [step for step in steps if step in {"fence", "COMMIT", "lift"}] == ["fence", "COMMIT", "lift"]


def test_write_on_the_drivers_own_cursor_is_invalidated_at_the_end_of_the_request(warm):
    def write():
        connection.ensure_connection()
        with connection.connection.cursor() as cursor:
            cursor.execute("UPDATE shelf_book SET title = 'new'")
        connection.close()

    elsewhere(write)
    assert title(warm.pk) == "new"


# --- The watch ----------------------------------------------------------------------------------------


def test_read_needs_no_thread(warm):
    """There may be no threads left (a limit of the container), and none starts while the interpreter ends."""
    get_gateway().watch.stop()

    def refuse(self):
        raise RuntimeError("can't start new thread")

    with replacing(threading.Thread, "start", refuse):
        assert book_detail.get(pk=warm.pk).value["title"] == "old"


@one_server
def test_commit_without_redis_needs_no_thread(warm, proxy):
    proxy.mode = "refuse"
    get_gateway().watch.stop()

    def refuse(self):
        raise RuntimeError("can't start new thread")

    with replacing(threading.Thread, "start", refuse):
        Book.objects.filter(pk=warm.pk).update(title="new")
    assert Book.objects.get(pk=warm.pk).title == "new"


def test_error_of_the_programs_own_does_not_end_the_watch(warm):
    """A declaration has an error that no check has found: gunicorn runs no system checks."""
    with own_declarations():
        wrong = Cached("wrong:{pk}", ttl=60, load=lambda pk: 1, invalidated_by={Book: "nowhere"})
        get_gateway().watch.recheck_triggers()
        elsewhere(lambda: book_detail.get(pk=warm.pk))
        began = time.monotonic()
        for _ in range(5):
            elsewhere(lambda: book_detail.get(pk=warm.pk))
        assert time.monotonic() - began < 2
        _declared.pop(wrong.key)
    get_gateway().watch.recheck_triggers()
    until(lambda: elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "HIT", 10)


@one_server
def test_fence_of_another_type_concerns_its_own_value_alone(warm, cache_redis):
    with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]) as client:
        target = book_detail._entry({"pk": warm.third.pk}).target
        client.set(target.fence_key, "by hand")
    elsewhere(lambda: book_detail.get(pk=warm.third.pk))
    get_gateway().watch.check()
    assert elsewhere(lambda: shelf_detail.get(pk=warm.upper.pk)).x_cache == "HIT"


@one_server
def test_member_of_a_fence_that_is_none_concerns_its_own_value_alone(warm, cache_redis):
    with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]) as client:
        target = book_detail._entry({"pk": warm.third.pk}).target
        client.zadd(target.fence_key, {"by hand": 1})
    elsewhere(lambda: book_detail.get(pk=warm.third.pk))
    get_gateway().watch.check()
    assert elsewhere(lambda: shelf_detail.get(pk=warm.upper.pk)).x_cache == "HIT"


def test_reads_do_not_each_wait_for_a_check_that_fails(warm):
    """The outbox cannot be read for a while, for example during its migration, or with a full pooler."""
    taken, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            run("LOCK TABLE caching_outbox IN ACCESS EXCLUSIVE MODE")
            taken.set()
            assert done.wait(30)

    other = Other(hold)
    assert taken.wait(20)
    try:
        until(lambda: elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "BYPASS", 10)
        began = time.monotonic()
        for _ in range(20):
            assert book_detail.get(pk=warm.pk).value["title"] == "old"
        assert time.monotonic() - began < 4
    finally:
        done.set()
        other.result()
    until(lambda: elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "HIT", 10)


def test_retry_that_is_left_while_the_thread_ends_is_made(warm):
    """The thread is ending but still closes its connections."""
    watch = get_gateway().watch
    target = shelf_detail._entry({"pk": warm.upper.pk}).target
    assert watch._thread
    with replacing(__import__("caching.recovery.watch", fromlist=["x"]), "IDLE_SECONDS", 0.0):
        closing, go = threading.Event(), threading.Event()
        for session in watch._sessions.values():
            original = session.close

            def close(original=original):
                closing.set()
                assert go.wait(20)
                original()

            session.close = close
        watch._wake.set()
        assert closing.wait(20)
        watch.retry_later({target})
        go.set()
        until(lambda: not watch._to_retry, 5)


@one_server
def test_alias_of_the_same_database_from_which_nothing_is_cached_keeps_its_fences(warm):
    """A transaction of another alias is in progress: its fence must stay."""
    alias = "beside"
    connections.databases[alias] = {**connections.databases["default"]}
    try:
        begun, done = threading.Event(), threading.Event()

        def write():
            with transaction.atomic(using=alias):
                with connections[alias].cursor() as cursor:
                    cursor.execute("UPDATE shelf_book SET title = 'new'")
                    cursor.execute("SELECT pg_current_xact_id()::text")
                    (xid,) = cursor.fetchone()
                from caching.recovery.fences import fence_token

                entry = book_detail._entry({"pk": warm.pk})
                get_gateway().fence([entry.target], fence_token(alias, xid))
                begun.set()
                assert done.wait(20)

        other = Other(write)
        assert begun.wait(20)
        with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]) as client:
            key = book_detail._entry({"pk": warm.pk}).target.fence_key
            for token, _ in client.zscan_iter(key):
                client.zadd(key, {token: 1})
            get_gateway().watch.examine(book_detail._entry({"pk": warm.pk}).target)
            get_gateway().watch.check()
            there = client.exists(key)
        done.set()
        other.result()
        assert there
    finally:
        del connections.databases[alias]


@one_server
def test_projects_with_other_prefixes_and_databases_leave_each_others_values(warm, settings, cache_redis):
    """Two projects share one Redis database; each has a KEY_PREFIX."""
    location = settings.CACHES["default"]["LOCATION"]
    with redis.Redis.from_url(location) as client:
        caches = copy.deepcopy(settings.CACHES)
        caches["default"]["KEY_PREFIX"] = "other"
        assert get_gateway().node_keys("caching:origin")
        before = set(client.scan_iter("*origin*"))
        settings.CACHES = caches
        get_gateway().watch.check()
        after = set(client.scan_iter("*origin*"))
        get_gateway().close()
    assert before != after


def test_change_while_a_check_is_confirmed_is_not_lost(warm):
    trust = get_gateway().watch.trust
    breaks = get_gateway().breaks
    began = time.monotonic()
    real = time.monotonic

    class Clock:
        @staticmethod
        def monotonic():
            return real()

    del Clock
    values = {}

    class Spy(type(trust)):
        def __setattr__(self, name, value):
            if name == "breaks" and "armed" in values:
                values.pop("armed")
                self.withdraw()  # by another thread, in the middle of confirm
            super().__setattr__(name, value)

    spy = Spy()
    values["armed"] = True
    spy.confirm(breaks, began)
    assert not spy.is_valid(breaks)


def test_other_release_that_changes_a_path_leaves_nothing_stale(rows):
    """Release 2 gives a declaration another path; processes of release 1 continue for a while."""
    with own_declarations() as report:
        first = Cached(
            "changing:{pk}",
            ttl=60,
            load=lambda pk: [book.title for book in Book.objects.filter(shelf=pk).order_by("pk")],
            invalidated_by={Book: "shelf_id"},
        )
        report()
        elsewhere(lambda: first.get(pk=rows.upper.pk))
        with restored():
            Cached("changing:{pk}", ttl=60, version=2, load=lambda pk: 1, invalidated_by={Book: "pk"})
            triggers.install("default")  # by another process
        get_gateway().watch.check()  # as twice a second
        elsewhere(lambda: first.get(pk=rows.upper.pk))
        Book.objects.filter(pk=rows.pk).update(title="new")
        assert "new" in elsewhere(lambda: first.get(pk=rows.upper.pk)).value


def test_watch_takes_the_role_that_the_settings_name(warm):
    run("DROP ROLE IF EXISTS keeper")
    run("CREATE ROLE keeper SUPERUSER")
    get_gateway().watch.stop()
    options = connections.databases["default"].setdefault("OPTIONS", {})
    options["assume_role"] = "keeper"
    try:
        get_gateway().watch.check()
        session = get_gateway().watch._sessions["default"]
        assert session.query("SELECT current_user") == [("keeper",)]
    finally:
        del options["assume_role"]
        get_gateway().watch.stop()
        run("DROP ROLE keeper")


# --- The driver and its pool ------------------------------------------------------------------------

needs_psycopg3 = pytest.mark.skipif(not is_psycopg3, reason="the pool is psycopg 3's")


@contextlib.contextmanager
def database(options, **changes):
    """Open every connection with other settings."""
    changes["OPTIONS"] = {**connections.databases["default"]["OPTIONS"], **options}
    connections.close_all()
    get_gateway().watch.stop()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changes.items():
            patch.setitem(connections.databases["default"], name, value)
        yield
        get_gateway().watch.stop()
    connections.close_all()


@pytest.fixture
def pooled(warm):
    """Take the connections from a pool of two."""
    pool = {"min_size": 1, "max_size": 2, "timeout": 2}
    with database({"pool": pool}, CONN_MAX_AGE=0):
        try:
            yield warm
        finally:
            connection.close()
            connection.close_pool()


@needs_psycopg3
def test_watch_takes_no_connection_of_the_pool(pooled):
    for _ in range(4):
        assert title(pooled.pk) == "old"
        get_gateway().watch.check()
        get_gateway().watch.stop()
    assert connection.pool.get_stats()["requests_waiting"] == 0
    at_once(*[lambda: Book.objects.count()] * 2)


@needs_psycopg3
def test_connection_of_a_pool_keeps_nothing_of_its_former_user(pooled):
    for number in range(5):
        elsewhere(lambda number=number: Book.objects.filter(pk=pooled.pk).update(title=str(number)))
    connection.ensure_connection()
    assert len(connection.connection._notice_handlers) == 1
    assert title(pooled.pk) == "4"


@needs_psycopg3
def test_driver_that_prepares_statements_is_no_trouble(warm):
    with database({"prepare_threshold": 0}):
        for number in range(4):
            elsewhere(lambda number=number: Shelf.objects.filter(pk=warm.upper.pk).update(name=str(number)))
            get_gateway().watch.check()
            assert elsewhere(lambda: book_detail.get(pk=warm.pk)).value["shelf"] == str(number)
        assert elsewhere(lambda: book_detail.get(pk=warm.pk)).x_cache == "HIT"


def test_server_side_cursor_over_a_function_works(rows):
    run("CREATE FUNCTION f_plain(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1'")
    try:
        found = Book.objects.annotate(
            n=models.Func("pk", function="f_plain", output_field=models.BigIntegerField())
        )
        assert [book.n for book in found.order_by("pk").iterator(chunk_size=1)] == [
            rows.book.pk,
            rows.sequel.pk,
            rows.third.pk,
        ]
    finally:
        run("DROP FUNCTION f_plain(bigint)")


@pytest.mark.parametrize("sql", ["SELECT 'commit'", "PREPARE p_review AS SELECT 1"])
def test_word_in_a_statement_ends_no_deferral_of_constraints(rows, sql):
    """Rows that refer to each other may be written in any order within a transaction."""
    try:
        with transaction.atomic():
            Shelf.objects.filter(pk=rows.upper.pk).update(name="new")
            Book.objects.create(pk=10_001, title="first", sequel_of_id=10_002)
            run(sql)
            Book.objects.create(pk=10_002, title="second")
    finally:
        connection.close()


def test_word_in_a_statement_leaves_row_security_as_it_is(rows):
    with transaction.atomic():
        Shelf.objects.filter(pk=rows.upper.pk).update(name="new")
        run("SELECT 'commit'")
        assert run("SHOW row_security") == [("on",)]


def test_new_version_of_the_package_replaces_the_functions_of_an_older_one(rows):
    name = triggers.function_name("shelf_loose")
    run(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    assert triggers.install("default") == ["shelf_loose"]
    assert triggers.install("default") == []


def test_load_that_reads_another_database_is_an_error(rows):
    connections.databases["beside"] = {**connections.databases["default"]}
    try:
        with own_declarations() as report:
            thing = Cached(
                "beside",
                ttl=60,
                load=lambda: Loose.objects.using("beside").count(),
                invalidated_by={Loose: ALL},
            )
            report()
            with pytest.raises(UndeclaredTable, match="beside"):
                elsewhere(thing.get)
    finally:
        del connections.databases["beside"]


@needs_psycopg3
@pytest.mark.parametrize("block", [contextlib.nullcontext, transaction.atomic], ids=["autocommit", "atomic"])
def test_copy_of_psycopg3_is_noticed(rows, block):
    assert elsewhere(loose_names.get).value == []
    with block(), connection.cursor() as cursor, cursor.copy("COPY shelf_loose (name) FROM STDIN") as copying:
        copying.write("copied\n")
    assert elsewhere(loose_names.get).value == ["copied"]
