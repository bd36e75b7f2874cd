"""Which rows a statement has written, as PostgreSQL itself records it."""

from __future__ import annotations

from django.db import connection


def versions(model):
    """Return where the current version of each row of ``model`` lies, by key: another after each write."""
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{key}", xmin::text, ctid::text FROM "{table}"')
        return {pk: version for pk, *version in cursor.fetchall()}
