"""``manage.py migrate`` under a lock: of two at once the second waits, and then finds nothing to do."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from django.core.management.commands import migrate
from django.db import connections

from core.database import session_statement_timeout

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK_NUMBER = 0x53594C4C  # any number that no other program in the database uses
PAUSE_SECONDS = 0.2


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate under the lock, with statements that may take as long as they need."""
        alias = options["database"]
        with session_statement_timeout(0, alias), self._only_one(alias):
            super().handle(*args, **options)

    @contextlib.contextmanager
    def _only_one(self, alias: str) -> Iterator[None]:
        """Hold the lock on a connection of its own: a migration may commit and open transactions.

        The lock belongs to a transaction, so that a transaction pooler keeps it. A second one polls: a
        statement that waits has a snapshot, and CREATE INDEX CONCURRENTLY of the other would wait for it.
        """
        holder = connections[alias].copy()
        try:
            if not self._take(holder):
                self.stdout.write("Waiting for another migrate.")
                while not self._take(holder):
                    time.sleep(PAUSE_SECONDS)
            yield
        finally:
            holder.close()

    @staticmethod
    def _take(holder: Any) -> bool:
        """Return whether the lock is held now, in a transaction that stays open."""
        holder.ensure_connection()
        with holder.connection.cursor() as cursor:  # the driver's: Django's own would commit
            cursor.execute("BEGIN")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout TO 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK_NUMBER])
            taken: bool = cursor.fetchone()[0]
            if not taken:
                cursor.execute("ROLLBACK")
        return taken
