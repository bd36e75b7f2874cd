"""``manage.py cache status | clear [KEY] | audit [--sample N] | triggers [--prune]``: for operators."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from caching import metrics
from caching.errors import CacheError, RedisUnavailable
from caching.gateway import get_gateway
from caching.keys import declared_name
from caching.postgresql import triggers
from caching.postgresql.installed import uncovered
from caching.postgresql.plan import plans
from caching.read.audit import audit
from caching.recovery.session import Session
from caching.registry import databases, declarations

OUTBOX = "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::int FROM caching_outbox"
READS = ("hits", "misses", "collapsed", "bypasses")


class Command(BaseCommand):
    help = "Show the state of the cache, clear it, compare it with the database, or make its triggers."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("status", help="Redis, the outbox, the triggers, and hit rates by declaration")
        clear = actions.add_parser("clear", help="invalidate every value, or those of one declaration")
        clear.add_argument("key", nargs="?", help='the declaration\'s key, such as "v1:courses:detail:{pk}"')
        compare = actions.add_parser("audit", help="compare stored values with the database")
        compare.add_argument("--sample", type=int, default=100, help="values per declaration (%(default)s)")
        made = actions.add_parser("triggers", help="install the triggers of each declared table")
        made.add_argument("--prune", action="store_true", help="remove what only another release declares")

    def handle(self, *, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(**options)
        except CacheError as error:
            raise CommandError(_reason(error)) from error

    # --- status ---------------------------------------------------------------------------------

    def _status(self, **_: Any) -> None:
        """Show as much as is available: an operator also needs it during an outage."""
        trouble: list[str] = []
        totals = self._redis_status(trouble)
        for alias in sorted(databases()):
            missing = self._database_status(alias, trouble)
            for declared in declarations(alias):
                self.stdout.write(
                    f"  {declared.key}: {_figures(declared, totals)}{missing.get(declared.key, '')}"
                )
        if trouble:
            raise CommandError("; ".join(trouble))

    def _redis_status(self, trouble: list[str]) -> dict[str, dict[str, int]] | None:
        gateway = get_gateway()
        try:
            totals = metrics.totals()
        except RedisUnavailable as error:
            trouble.append(f"Redis does not answer: {_reason(error)}")
            self.stdout.write(trouble[-1])
            return None
        commits = totals.get(metrics.COMMITS, {})
        self.stdout.write(
            f"Redis: answers; circuit breaker {'open' if gateway.breaker.is_open else 'closed'}; "
            f"{commits.get('fenced', 0)} commits fenced, {commits.get('outboxed', 0)} written to the outbox"
        )
        return totals

    def _database_status(self, alias: str, trouble: list[str]) -> dict[str, str]:
        """Show the state of a database. Return a remark for each declaration whose triggers are missing."""
        session = Session(alias)
        try:
            ((rows, age),) = session.query(OUTBOX)
            missing = uncovered(session.query, alias)
        except CacheError as error:
            trouble.append(f"the database {_reason(error)}")
            self.stdout.write(f"{alias}: does not answer")
            return {}
        finally:
            session.close()
        self.stdout.write(f"{alias}: {rows} rows in the outbox, the oldest {age} s old")
        return dict.fromkeys(missing, "; ITS TRIGGERS ARE MISSING")

    # --- clear, audit, triggers -----------------------------------------------------------------

    def _clear(self, key: str | None = None, **_: Any) -> None:
        chosen = [each for each in declarations() if key in {None, each.key}]
        if not chosen:
            known = ", ".join(sorted(each.key for each in declarations()))
            raise CommandError(f"{key} is not declared. There are: {known}")
        get_gateway().drop({each.group for each in chosen})
        self.stdout.write(f"{len(chosen)} cleared")

    def _audit(self, sample: int, **_: Any) -> None:
        same, wrong = 0, []
        for declared in declarations():
            try:
                for finding in audit(declared, sample):
                    same += finding.same is True
                    line = f"{declared.key} {finding.params}: {finding.reason}"
                    if finding.same is False:
                        wrong.append(line)
                    elif finding.same is None:
                        self.stdout.write(f"not compared: {line}")
            except RedisUnavailable:
                raise
            except CacheError as error:
                self.stdout.write(f"not compared: {declared.key}: {_reason(error)}")
        self.stdout.write(f"{same} values are as in the database")
        if wrong:
            raise CommandError("not as in the database: " + "; ".join(wrong))

    def _triggers(self, *, prune: bool, **_: Any) -> None:
        for alias in sorted(databases()):
            changed = triggers.install(alias, prune=prune)
            for group in triggers.groups(alias, changed):
                connections[alias].pending.invalidate(group, group)  # type: ignore[attr-defined]  # the engine's
            self.stdout.write(f"{alias}: {', '.join(changed) or 'nothing to change'}")
            for table in sorted(plans(alias).keys() - set(changed)):
                self.stdout.write(f"  {table}: as it was")


def _figures(declared: Any, totals: dict[str, dict[str, int]] | None) -> str:
    """Return how often the values of a declaration were read, and how many keys it has."""
    if totals is None:
        return "unknown"
    counts = totals.get(declared_name(declared.group.key), {})
    reads = sum(counts.get(name, 0) for name in READS)
    rate = f"{counts['hits'] / reads:.1%} of {reads} reads" if reads else "not read yet"
    return f"{rate}, {sum(1 for _ in declared.stored())} keys"


def _reason(error: Exception) -> str:
    return str(error) or (type(error).__doc__ or "").partition("\n")[0]
