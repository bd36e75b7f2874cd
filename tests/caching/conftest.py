"""Fixtures for the tests of the cache: committed rows, actors, strategies, servers of a test's own."""

from __future__ import annotations

import contextlib
import copy
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test import override_settings

from caching.gateway import get_gateway
from caching.testing import own_declarations, timing
from tests.caching.child import Child
from tests.caching.proxy import Proxy
from tests.caching.redis_process import RedisProcess
from tests.caching.strategies import STRATEGIES
from tests.caching.testapp.models import Book, Shelf
from tests.support.waiting import until

TABLES = [
    "shelf_label",
    "shelf_book_readers",
    "shelf_ebook",
    "shelf_book",
    "shelf_shelf",
    "shelf_loose",
    "shelf_mute",
]


@pytest.fixture
def transactional_db(django_db_setup, django_db_blocker):
    """Replace pytest-django's fixture: delete only the rows that these tests make, ten times faster."""
    with django_db_blocker.unblock():
        yield
        connection.close()
        with connection.cursor() as cursor:
            for table in [*TABLES, "caching_outbox"]:
                cursor.execute(f"DELETE FROM {table}")
        get_user_model().objects.all().delete()
        connections.close_all()


@pytest.fixture
def rows(transactional_db):
    """Committed rows: two shelves, three books on the first, one of them a sequel; two readers."""
    upper, lower = (Shelf.objects.create(name=name) for name in ("upper", "lower"))
    old = Book.objects.create(title="old", shelf=upper)
    sequel = Book.objects.create(title="sequel", shelf=upper, sequel_of=old)
    third = Book.objects.create(title="third", shelf=upper)
    ann, bob = (get_user_model().objects.create(username=name) for name in ("ann", "bob"))
    old.readers.add(ann)
    made = {
        "upper": upper,
        "lower": lower,
        "book": old,
        "sequel": sequel,
        "third": third,
        "ann": ann,
        "bob": bob,
    }
    pks = {name: row.pk for name, row in made.items()}  # delete() clears the pk of an instance
    return SimpleNamespace(**made, pk=old.pk, pks=pks)


@pytest.fixture
def strategy(request):
    """Return a function that returns a strategy by its name, with its receivers connected."""
    made = STRATEGIES[request.param]()
    with made.installed():
        yield made


def strategies(*stale: str):
    """Run a schedule with our cache, which must stay fresh, and with the naive ones, which become stale."""
    cases = [("ours", False), *((name, True) for name in stale)]
    return pytest.mark.parametrize(
        ("strategy", "stale"), cases, indirect=["strategy"], ids=[name for name, _ in cases]
    )


@pytest.fixture
def declare(rows):
    """Return a function that makes a declaration with triggers, which is removed after the test."""
    with own_declarations() as report:

        def make(kind, key, **declaration):
            made = kind(key, **{"ttl": 60, **declaration})
            report()
            return made

        yield make


# --- Servers, processes and networks of a test's own ---------------------------------------------

one_server = pytest.mark.skipif(
    bool(settings.CACHING["CLUSTER"]), reason="it brings a Redis of its own, which is no cluster"
)


@contextlib.contextmanager
def cache_at(url, *, grace_seconds=0.0):
    """Make the cache use the Redis at ``url``. At the end its breaker is closed, so that no thread stays.

    Without ``grace``, Redis is trusted immediately after an outage, so that a test sees its values.
    """
    caches = copy.deepcopy(settings.CACHES)
    caches["default"]["LOCATION"] = url
    with override_settings(CACHES=caches), timing(grace=grace_seconds):
        try:
            yield get_gateway()
        finally:
            until(lambda: not get_gateway().breaker.is_open)
            get_gateway().close()


@pytest.fixture
def redis_server(tmp_path):
    """Return a function that starts a redis-server with options and makes the cache use it."""
    with contextlib.ExitStack() as stack:

        def start(**options):
            server = RedisProcess(tmp_path, **options)
            stack.callback(server.remove)
            stack.enter_context(cache_at(server.url))
            return server

        yield start


@pytest.fixture
def proxy(cache_redis):
    """A proxy before the tests' Redis, through which the cache reaches it."""
    proxy = Proxy(cache_redis.connection_pool.connection_kwargs["port"])
    with cache_at(proxy.url):
        yield proxy
        proxy.mode = "pass"
    proxy.close()


@pytest.fixture
def child(transactional_db):
    """Return a function that starts another process on the same database and Redis."""
    children = []

    def start(location=None):
        made = Child(connection.settings_dict["NAME"], location or settings.CACHES["default"]["LOCATION"])
        children.append(made)
        assert made.answer() == "ready"
        return made

    yield start
    for made in children:
        made.kill()
