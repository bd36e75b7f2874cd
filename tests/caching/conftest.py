"""What the tests of the cache share: committed rows, actors, designs, servers of their own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections

from tests.caching import stage as stages
from tests.caching.designs import DESIGNS
from tests.caching.shelf.models import Book, Shelf


@pytest.fixture
def stage(monkeypatch):
    """Makes actors that stop where a test says (tests/caching/stage.py)."""
    with stages.stage(monkeypatch) as made:
        yield made


TABLES = ["shelf_book_readers", "shelf_ebook", "shelf_book", "shelf_shelf", "shelf_loose", "shelf_mute"]


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Transactions are real; afterwards the rows go. Django's flush would take ten times as long."""
    with django_db_blocker.unblock():
        yield
        connection.close()
        with connection.cursor() as cursor:
            for table in [*TABLES, "caching_outbox"]:
                cursor.execute(f"DELETE FROM {table}")
        get_user_model().objects.all().delete()
        connections.close_all()


@pytest.fixture
def rows(committed):
    """Committed rows: two shelves, three books on the first, one of them a sequel; two readers."""
    upper, lower = (Shelf.objects.create(name=name) for name in ("upper", "lower"))
    old = Book.objects.create(title="old", shelf=upper)
    sequel = Book.objects.create(title="sequel", shelf=upper, sequel_of=old)
    third = Book.objects.create(title="third", shelf=upper)
    ann, bob = (get_user_model().objects.create(username=name) for name in ("ann", "bob"))
    old.readers.add(ann)
    return SimpleNamespace(
        upper=upper, lower=lower, book=old, sequel=sequel, third=third, ann=ann, bob=bob, pk=old.pk
    )


@pytest.fixture
def design(request):
    """A design by its name, with its receivers connected."""
    made = DESIGNS[request.param]()
    with made.installed():
        yield made


def designs(*stale: str):
    """Run a schedule with ours, which must stay fresh, and with the naive designs that it makes stale."""
    cases = [("ours", False), *((name, True) for name in stale)]
    return pytest.mark.parametrize(
        ("design", "stale"), cases, indirect=["design"], ids=[name for name, _ in cases]
    )
