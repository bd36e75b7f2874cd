"""The classification of statements by their text (write/statements.py)."""

from __future__ import annotations

import time

import pytest

from caching.write.statements import MAX_REMEMBERED_LENGTH, Kind, kind_of

READS, WRITES, ENDS, DEFINES = Kind.READS, Kind.WRITES, Kind.ENDS, Kind.DEFINES


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "  select * from shelf_book",
        "/* update */ SELECT 1",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        'SELECT count(*), COALESCE("a"."b", 1) FROM "a" WHERE "a"."id" IN (1, 2) AND lower("a"."c") = %s',
        "SHOW transaction_read_only",
        "SELECT CASE WHEN true THEN 1 END",
        "SELECT 'x' AS backend",
        "SAVEPOINT s1",
        "RELEASE SAVEPOINT s1",
        "ROLLBACK TO SAVEPOINT s1",
        "",
    ],
)
def test_plain_reads_and_savepoints_do_nothing_else(sql):
    assert kind_of(sql) is READS or kind_of(sql) == READS


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO a VALUES (1)",
        "update a set b = 1",
        "DELETE FROM a",
        "TRUNCATE a",
        "MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE",
        "COPY a FROM STDIN",
        "-- first\nUPDATE a SET b = 1",
        "/* first */ UPDATE a SET b = 1",
        "/* a */ /* b */\n-- c\n  UPDATE a SET b = 1",
        "((UPDATE a SET b = 1))",
        "WITH w AS (UPDATE a SET b = 1 RETURNING b) SELECT * FROM w",
        "with w as (select 1) insert into a select * from w",
    ],
)
def test_statements_that_write_are_recognised(sql):
    assert kind_of(sql) & WRITES


@pytest.mark.parametrize(
    "sql",
    [
        "COMMIT",
        "commit and chain",
        "END",
        "ROLLBACK",
        "ABORT",
        "PREPARE TRANSACTION 'a'",
        "UPDATE a SET b = 1; COMMIT; SELECT 1/0",
        "/* */ COMMIT",
        "ROLLBACK; SELECT 1",
        "UPDATE a SET b = 1; END",
    ],
)
def test_statements_that_may_end_a_transaction_are_recognised(sql):
    assert kind_of(sql) & ENDS


@pytest.mark.parametrize(
    "sql",
    [
        "CALL p()",
        "DO $$ BEGIN COMMIT; END $$",
        "SELECT 1; CALL p()",
        "/* a */ CALL p()",
        "SELECT 1; /* a */ DO 'x'",
        "SELECT 1; -- a\n CALL p()",
        "-- a\nCALL p()",
    ],
)
def test_blocks_and_procedures_are_recognised(sql):
    assert kind_of(sql) & (Kind.CALLS | ENDS)


@pytest.mark.parametrize(
    "sql", ["SELECT 'do'", "INSERT INTO a VALUES (1) ON CONFLICT\nDO NOTHING", "SELECT recall"]
)
def test_words_within_a_statement_are_no_calls(sql):
    assert not kind_of(sql) & Kind.CALLS


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a RENAME TO b",
        "DROP TABLE a",
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "REFRESH MATERIALIZED VIEW a",
        "INSERT INTO a VALUES (1); DROP TABLE a",
        "ALTER TABLE a DISABLE TRIGGER ALL",
        "ALTER TABLE a ATTACH PARTITION b DEFAULT",
    ],
)
def test_statements_that_change_tables_are_recognised(sql):
    assert kind_of(sql) & DEFINES


@pytest.mark.parametrize(
    ("sql", "for_session"),
    [
        ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", False),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", False),
        ("SET LOCAL transaction_isolation TO 'repeatable read'", False),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE", True),
        ("SET default_transaction_isolation = 'serializable'", True),
        ("SELECT set_config('default_transaction_isolation', 'serializable', false)", True),
    ],
)
def test_statements_that_change_the_isolation_are_recognised(sql, for_session):
    assert kind_of(sql) & Kind.ISOLATION
    assert bool(kind_of(sql) & Kind.SESSION) is for_session


AWKWARD = [
    " ",
    "(",
    "'",
    '"',
    "/*",
    "*/",
    "--\n",
    "--",
    "$$",
    "a",
    "case ",
    "end ",
    "; ",
    "\\",
    "/* */ ",
    "é",
]


@pytest.mark.parametrize("piece", AWKWARD)
@pytest.mark.parametrize("before", ["", "WITH a"])
def test_time_grows_linearly_with_the_text(piece, before):
    def seconds(length):
        text = before + piece * (length // len(piece))
        return min(_seconds_of(text) for _ in range(3 if length < 100_000 else 1))

    assert seconds(16_384) < 0.1
    assert seconds(1_048_576) < 5.0


def _seconds_of(text):
    began = time.perf_counter()
    kind_of(text)
    return time.perf_counter() - began


def test_long_texts_are_not_remembered():
    from caching.write import statements

    statements._remembered.cache_clear()
    kind_of("SELECT " + "1" * MAX_REMEMBERED_LENGTH)
    assert statements._remembered.cache_info().currsize == 0
    kind_of("SELECT 1")
    assert statements._remembered.cache_info().currsize == 1
