"""What kind of statement a text is. Where it is unclear, the costlier and safer answer is given.

Which rows a statement changes is not read from its text: the database reports that (pending.py).
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache

_COMMENT_OR_SPACE = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|\()+", re.DOTALL)
_FIRST_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_WRITING_WORD = re.compile(r"\b(?:insert|update|delete|merge|truncate)\b", re.IGNORECASE)
# Not the names of columns, which Django quotes, nor ON CONFLICT DO.
_ENDS = re.compile(
    r'(?<!")\b(?:commit|abort|rollback(?!\s+to\b)|prepare|call|do(?!\s+(?:nothing|update)\b))\b(?!")',
    re.IGNORECASE,
)
_END = re.compile(r'(?<!")\bend\b(?!")', re.IGNORECASE)
_CASE = re.compile(r"\bcase\b", re.IGNORECASE)
_DEFINES = re.compile(
    r"\b(?:alter|drop|create|rename|refresh|attach|detach|import|reindex|disable)\b", re.IGNORECASE
)
_ISOLATION = re.compile(r"isolation|session\s+characteristics|default_transaction", re.IGNORECASE)
_SESSION = re.compile(r"\bsession\b|default_transaction", re.IGNORECASE)
_WRITING = {"insert", "update", "delete", "merge", "truncate", "copy"}
MAX_REMEMBERED_LENGTH = 2_000


class Kind(enum.Flag):
    """What a statement may do."""

    READS = 0
    WRITES = enum.auto()  # plainly changes rows, and may run in a transaction
    ENDS = enum.auto()  # may end the transaction
    DEFINES = enum.auto()  # may change tables, triggers or what a view holds
    ISOLATION = enum.auto()  # may change the isolation of this transaction
    SESSION = enum.auto()  # may change the isolation of those that follow


def kind_of(sql: str) -> Kind:
    """Return what the statements in ``sql`` may do. Django repeats its texts: mostly a look-up."""
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
    if first != "select" and _DEFINES.search(sql):
        kind |= Kind.DEFINES
    if _ISOLATION.search(sql):
        kind |= Kind.ISOLATION
        if _SESSION.search(sql):
            kind |= Kind.SESSION
    return kind


_remembered = lru_cache(maxsize=1024)(_examine)
