"""Classify statements by their text. An unclear text gets the safer kind, which costs more.

Which rows a statement changes is not read from its text: the database reports that (pending.py).
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache

_COMMENT_OR_SPACE = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|\()+", re.DOTALL)
_FIRST_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_WRITING_WORD = re.compile(r"\b(?:insert|update|delete|merge|truncate)\b", re.IGNORECASE)
# Not the names of columns, which Django quotes.
_ENDS = re.compile(r'(?<!")\b(?:commit|abort|rollback(?!\s+to\b)|prepare)\b(?!")', re.IGNORECASE)
_CALL = re.compile(r"\b(?:call|do(?!\s+(?:nothing|update|instead|also)\b))\b", re.IGNORECASE)
_END = re.compile(r'(?<!")\bend\b(?!")', re.IGNORECASE)
_CASE = re.compile(r"\bcase\b", re.IGNORECASE)
_DEFINES = re.compile(
    r"\b(?:alter|drop|create|rename|refresh|attach|detach|import|reindex|disable)\b", re.IGNORECASE
)
_ISOLATION = re.compile(r"isolation|session\s+characteristics|default_transaction", re.IGNORECASE)
_SESSION = re.compile(r"\bsession\b|default_transaction", re.IGNORECASE)
_RUNNING = {"execute", "explain"}  # they run another statement: a prepared one, or the one that follows
_WRITING = {"insert", "update", "delete", "merge", "truncate", "copy"}
_CALLED = re.compile(r'(?<![\w$])([a-z_][\w$]*)("?)\s*\(', re.IGNORECASE)
# Words before a parenthesis in statements that read: SQL keywords, types, and PostgreSQL's own functions. A
# statement with any other such word gets a transaction of its own: it may be a function that writes.
_WORDS = """
    all and any array as between by case cast cross cube distinct else end except exists extract fetch
    filter following from full group grouping having ilike in inner intersect interval is join lateral
    left like limit materialized natural not nulls of offset on only or order outer over partition
    preceding range recursive right rollup row rows select sets similar some table tablesample then
    union using values when where window with within bit bpchar char character decimal float numeric
    time timestamp timestamptz timetz varbit varchar varying abs age ascii avg bit_length bool_and
    bool_or btrim cardinality ceil ceiling char_length chr coalesce concat concat_ws corr count
    cume_dist currval date_bin decode dense_rank div encode every exp first_value floor format
    gen_random_uuid generate_series greatest hashtext initcap jsonb lag last_value lastval lead least
    length ln log lower lpad ltrim make_date make_interval make_timestamptz max md5 min mod mode nextval
    now nth_value ntile nullif octet_length overlay percent_rank percentile_cont percentile_disc
    position power quote_ident quote_literal random rank repeat replace reverse round row_number rpad
    rtrim setseed sign split_part sqrt starts_with stddev stddev_pop stddev_samp string_agg
    string_to_array strpos substr substring sum timezone translate trim trunc unnest upper variance
    version width_bucket
"""
_HARMLESS = frozenset(_WORDS.split())
_HARMLESS_PREFIXES = (
    "pg_", "json_", "jsonb_", "array_", "regexp_", "regr_", "to_", "date_", "txid_", "ts_", "clock_",
    "statement_", "transaction_", "current_", "plainto_", "phraseto_", "websearch_", "var_", "covar_",
)  # fmt: skip
MAX_REMEMBERED_LENGTH = 2_000


class Kind(enum.Flag):
    """What a statement may do."""

    READS = 0
    WRITES = enum.auto()  # plainly changes rows, and may run in a transaction
    ENDS = enum.auto()  # may end the transaction
    CALLS = enum.auto()  # runs a block or a procedure, which may do anything, including commit
    FUNCTIONS = enum.auto()  # calls functions that may write
    DEFINES = enum.auto()  # may change tables, triggers or the rows of a materialized view
    ISOLATION = enum.auto()  # may change the isolation of this transaction
    SESSION = enum.auto()  # may change the isolation of later transactions


# For comparisons by identity, which each statement makes.
READS, WRITES, FUNCTIONS = Kind.READS, Kind.WRITES, Kind.FUNCTIONS


def kind_of(sql: str) -> Kind:
    """Return what the statements in ``sql`` may do. The result is memoized: Django repeats its texts."""
    return _remembered(sql) if len(sql) <= MAX_REMEMBERED_LENGTH else _examine(sql)


def _examine(sql: str) -> Kind:
    kind = Kind.READS
    start = _COMMENT_OR_SPACE.match(sql)
    word = _FIRST_WORD.match(sql, start.end() if start else 0)
    first = word[0].lower() if word else ""
    if first in _WRITING or (first == "with" and _WRITING_WORD.search(sql)):
        kind |= Kind.WRITES
    if _ENDS.search(sql) or len(_END.findall(sql)) > len(_CASE.findall(sql)):
        kind |= Kind.ENDS
    if _calls(sql):
        kind |= Kind.CALLS
    if first != "select" and _DEFINES.search(sql):
        kind |= Kind.DEFINES
    if kind is READS and (first in _RUNNING or _calls_a_function(sql)):
        kind |= Kind.FUNCTIONS
    if _ISOLATION.search(sql):
        kind |= Kind.ISOLATION
        if _SESSION.search(sql):
            kind |= Kind.SESSION
    return kind


def _calls_a_function(sql: str) -> bool:
    """Return whether ``sql`` calls a function that may write."""
    return any(quoted or not _is_harmless(name.lower()) for name, quoted in _CALLED.findall(sql))


def _is_harmless(name: str) -> bool:
    return name in _HARMLESS or name.startswith(_HARMLESS_PREFIXES)


def _calls(sql: str) -> bool:
    """Return whether a statement in ``sql`` begins with CALL or DO, whatever comments precede it."""
    for word in _CALL.finditer(sql):
        before = word.start()
        while before and sql[before - 1].isspace():
            before -= 1
        if not before or sql[before - 1] in ";(/" or "\n" in sql[before : word.start()]:
            return True
    return False


_remembered = lru_cache(maxsize=1024)(_examine)

_OUTSIDE = re.compile(r"\b(?:concurrently|database|tablespace|system|subscription)\b", re.IGNORECASE)


def may_be_in_transaction(sql: str) -> bool:
    """Return whether PostgreSQL may accept a definition in a transaction."""
    return not _OUTSIDE.search(sql)


_COMMITS = re.compile(r"(?:commit(?!\s+prepared)|end|prepare\s+transaction)\b", re.IGNORECASE)


def commits(sql: str) -> bool:
    """Return whether a single statement ends the transaction with a commit."""
    start = _COMMENT_OR_SPACE.match(sql)
    return bool(_COMMITS.match(sql, start.end() if start else 0))
