"""``manage.py cache status | clear [KEY] | audit | triggers [--prune]``: for operators."""

from __future__ import annotations

import itertools
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from caching import metrics
from caching.declarations import Cached
from caching.errors import CacheError
from caching.gateway import get_gateway
from caching.keys import declared_name
from caching.postgresql import triggers
from caching.postgresql.installed import uncovered
from caching.recovery.session import Session
from caching.registry import databases, declarations

OUTBOX = "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::int FROM caching_outbox"


class Command(BaseCommand):
    help = "Show the state of the cache, clear it, or make the triggers that report changes to it."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("status", help="Redis, the outbox, the triggers, and the hit rate of each thing")
        clear = actions.add_parser("clear", help="invalidate everything, or what one declaration holds")
        clear.add_argument("key", nargs="?", help='the declaration\'s key, such as "v1:courses:detail:{pk}"')
        audit = actions.add_parser("audit", help="compare stored values with the database")
        audit.add_argument("--sample", type=int, default=100, help="values of each declaration (%(default)s)")
        made = actions.add_parser("triggers", help="give each declared table its triggers")
        made.add_argument("--prune", action="store_true", help="take away what only another release declares")

    def handle(self, *, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(**options)
        except CacheError as error:
            raise CommandError(str(error)) from error

    def _status(self, **_: Any) -> None:
        totals = metrics.totals()
        self.stdout.write("Redis: answers")
        for alias in sorted(databases()):
            session = Session(alias)
            try:
                ((rows, age),) = session.query(OUTBOX)
                missing = uncovered(session.query, alias)
            finally:
                session.close()
            self.stdout.write(f"{alias}: {rows} rows in the outbox, the oldest {age} s old")
            for declared in declarations(alias):
                counts = totals.get(declared_name(declared.group.key), {})
                read = sum(counts.get(name, 0) for name in ("hits", "misses", "bypasses", "collapsed"))
                rate = f"{counts['hits'] / read:.1%} of {read} reads" if read else "not read yet"
                lacking = "; ITS TRIGGERS ARE MISSING" if declared.key in missing else ""
                self.stdout.write(f"  {declared.key}: {rate}{lacking}")

    def _clear(self, key: str | None = None, **_: Any) -> None:
        chosen = [each for each in declarations() if key in {None, each.key}]
        if not chosen:
            known = ", ".join(sorted(each.key for each in declarations()))
            raise CommandError(f"{key} is not declared. There are: {known}")
        get_gateway().drop({each.group for each in chosen})
        self.stdout.write(f"{len(chosen)} cleared")

    def _audit(self, sample: int, **_: Any) -> None:
        compared, wrong = 0, []
        for declared in declarations():
            if isinstance(declared, Cached):
                for params in itertools.islice(declared.stored(), sample):
                    compared += 1
                    if differs(declared, params):
                        wrong.append(f"{declared.key} {params}")
        if wrong:
            raise CommandError("not as in the database: " + "; ".join(wrong))
        self.stdout.write(f"{compared} values are as in the database")

    def _triggers(self, *, prune: bool, **_: Any) -> None:
        for alias in sorted(databases()):
            changed = triggers.install(alias, prune=prune)
            for group in triggers.groups(alias, changed):
                connections[alias].pending.invalidate(group, group)  # type: ignore[attr-defined]  # the engine's
            self.stdout.write(f"{alias}: {', '.join(changed) or 'nothing to change'}")


def differs(declared: Cached, params: dict[str, Any]) -> bool:
    """Return whether a stored value is not what the database holds, but for the fields that may lag."""
    lagging = {name for names in declared.lags.values() for name in names}
    stored, fresh = declared.get(**params), declared.load_uncached(**params)
    if _without(stored.value, lagging) == _without(json.loads(fresh), lagging):
        return False
    again = declared.get(**params)  # a write in between changes the stored value, too
    return again.x_cache == "HIT" and again.body == stored.body


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(part, names) for name, part in value.items() if name not in names}
    return [_without(part, names) for part in value] if isinstance(value, list) else value
