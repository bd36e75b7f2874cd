"""The ids that rows get in tests."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

IDS_PER_TABLE = 1_000_000


def give_each_table_its_own() -> None:
    """Let no two tables have the same ids, and none that a test writes as a number."""
    for position, name in enumerate(_sequences(), start=1):
        first = position * IDS_PER_TABLE + 1
        _alter(name, f"START WITH {first} RESTART WITH {first}")


@contextmanager
def from_one() -> Iterator[None]:
    """Give rows the ids that they have in a new database."""
    for name in _sequences():
        _alter(name, "RESTART WITH 1")
    yield
    for name in _sequences():
        _alter(name, "RESTART")


def _sequences() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def _alter(sequence: str, change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER SEQUENCE "{sequence}" {change}')
