"""The guard for writes that no signal announces: raw SQL, ``update()`` of a foreign model, SET NULL.

An execute wrapper reads every statement. One that writes a table on which something cached depends,
and that no receiver spoke for, invalidates everything that depends on the table.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from caching.registry import dependents, tracked_tables

if TYPE_CHECKING:
    from caching.transaction import Changes

_TABLE = r'(?:only\s+)?((?:"?\w+"?\.)?"?\w+"?(?:\s*,\s*(?:"?\w+"?\.)?"?\w+"?)*)'
_WRITE = re.compile(
    rf"\b(?:insert\s+into|update|delete\s+from|truncate(?:\s+table)?|merge\s+into|copy)\s+{_TABLE}",
    re.IGNORECASE,
)
_NAME = re.compile(r'"?(\w+)"?\s*$')
_ISOLATION = re.compile(r"isolation|session\s+characteristics|default_transaction", re.IGNORECASE)
_SESSION = re.compile(r"\bsession\b|default_transaction", re.IGNORECASE)


@lru_cache(maxsize=2048)
def _reads_only(sql: str) -> bool:
    """Whether the text holds no word that writes; Django repeats its texts, so this is a look-up."""
    return not (_WRITE.search(sql) or _ISOLATION.search(sql))


def written_tables(sql: str) -> set[str]:
    """The tracked tables that ``sql`` writes, by their names."""
    found = set()
    for match in _WRITE.finditer(sql):
        for part in match[1].split(","):
            name = _NAME.search(part)
            if name:
                found.add(name[1])
    return found & tracked_tables()


class Guard:
    """The execute wrapper of one connection, and the announcements of signals under way."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._announced: dict[str, list[int]] = defaultdict(list)

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        text = sql if isinstance(sql, str) else sql.as_string(context["cursor"].cursor)
        if _reads_only(text):
            return execute(sql, params, many, context)
        if _ISOLATION.search(text):
            self._changes.note_isolation(for_session=_SESSION.search(text) is not None)
        silent = [t for t in written_tables(text) if not self._speaks_for(t)]
        if not silent:
            return execute(sql, params, many, context)
        with self._changes.covering({node for table in silent for node in dependents(table)}):
            return execute(sql, params, many, context)

    def _speaks_for(self, table: str) -> bool:
        # In autocommit a statement is committed before the receiver that would name keys is called.
        return bool(self._announced.get(table)) and self._changes.commits_later()

    def announce(self, table: str) -> None:
        """A signal says that rows of ``table`` are about to be written; receivers will touch."""
        self._announced[table].append(self._changes.touches)

    def concluded(self, table: str) -> None:
        """All receivers have been called. If none of them touched anything, the guard does."""
        announced = self._announced[table]
        if announced and announced.pop() == self._changes.touches:
            for node in dependents(table):
                self._changes.touch(node, node)

    def reset(self) -> None:
        """Forget announcements whose statement never came: it failed and was rolled back."""
        self._announced.clear()
