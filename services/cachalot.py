"""Reading past django-cachalot, where an operator has switched it on (CACHALOT_ENABLED).

It is not coherent: a reader may store what a commit has just replaced. What the project itself
caches, and what decides which prices are right, is therefore always read from PostgreSQL.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cachalot.api import cachalot_disabled

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def past_cachalot() -> Iterator[None]:
    """Let every query in the block, or in the decorated function, reach the database."""
    switch = cachalot_disabled()
    switch.__enter__()
    try:
        yield
    finally:
        switch.__exit__(None, None, None)  # by itself it stays off when the block raises
