"""What a statement does that concerns the cache, read from its text.

To find too much is safe: it costs a miss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_QUALIFIED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_TARGET = rf"(?:only\b\s*)?\(?\s*{_QUALIFIED}\s*\)?(?:\s*\*)?"
_WRITE = re.compile(
    r"\b(insert\s+into|update|delete\s+from|merge\s+into|copy|truncate(?:\s+table)?"
    r"|alter\s+table(?:\s+if\s+exists)?|refresh\s+materialized\s+view(?:\s+concurrently)?)"
    rf'(?:\s+|(?=["(]))({_TARGET}(?:\s*,\s*{_TARGET})*)',
    re.IGNORECASE,
)
_ONLY = re.compile(r"^\s*only\b(?=\s*[\w(\"])", re.IGNORECASE)
_LAST_NAME = re.compile(rf"({_NAME})[\s)*]*$")
_CASCADE = re.compile(r"\btruncate\b[^;]*\bcascade\b", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:^|;)\s*(?:execute|call)\b", re.IGNORECASE)  # what it writes stands elsewhere
_ISOLATION = re.compile(r"isolation|session\s+characteristics|default_transaction", re.IGNORECASE)
_SESSION = re.compile(r"\bsession\b|default_transaction", re.IGNORECASE)
_QUOTED_OR_COMMENT = re.compile(
    r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|/\*.*?\*/|--[^\n]*""",  # what is quoted is no comment
    re.DOTALL,
)


class Write(NamedTuple):
    """A table that a statement writes, and the verb: ``insert``, ``update``, ``truncate`` …"""

    verb: str
    table: str


# TRUNCATE … CASCADE does not say which tables it reaches.
EVERYTHING = Write("truncate", "*")


class Statement(NamedTuple):
    """What it writes, and whether it speaks of isolation: of this transaction's, of all to come."""

    writes: frozenset[Write]
    isolation: bool
    session: bool


@lru_cache(maxsize=2048)
def understand(sql: str) -> Statement | None:
    """What ``sql`` does; nothing for one that only reads. Django repeats its texts: a look-up."""
    found = set(_find(sql))
    if "--" in sql or "/*" in sql:
        found.update(_find(_QUOTED_OR_COMMENT.sub(lambda match: match[1] or " ", sql)))
    isolation = _ISOLATION.search(sql) is not None
    if not found and not isolation:
        return None
    return Statement(frozenset(found), isolation, isolation and _SESSION.search(sql) is not None)


def _find(sql: str) -> Iterator[Write]:
    for match in _WRITE.finditer(sql):
        verb = match[1].split()[0].lower()
        for target in match[2].split(","):
            name = _LAST_NAME.search(_ONLY.sub("", target))
            if name:
                yield Write(verb, _folded(name[1]))
    if _CASCADE.search(sql) or _ELSEWHERE.search(sql):
        yield EVERYTHING


def _folded(name: str) -> str:
    """As PostgreSQL knows it: what is not quoted is folded to lower case."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
