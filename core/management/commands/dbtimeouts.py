"""``manage.py dbtimeouts``: store the timeouts at the database role, for sessions behind a pooler."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from core.session_timeouts import milliseconds


class Command(BaseCommand):
    help = (
        "Store DB_STATEMENT_TIMEOUT and the other timeouts at this database role, in this database. Needed "
        "behind a transaction pooler (DB_POOLER=1); new sessions of PostgreSQL have them."
    )

    def handle(self, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT quote_ident(current_user), quote_ident(current_database())")
            role, database = cursor.fetchone()
            for name, seconds in settings.DB_TIMEOUTS.items():
                value = milliseconds(seconds)
                cursor.execute(f"ALTER ROLE {role} IN DATABASE {database} SET {name} TO {value}")
                self.stdout.write(f"{role} in {database}: {name} = {seconds:g} s")
