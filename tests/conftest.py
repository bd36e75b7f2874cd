"""Fixtures shared by every test."""

import gc
import subprocess
import tempfile

import pytest
import redis
from celery.signals import setup_logging
from django.conf import settings
from django.core.cache import caches
from django.utils import translation

from caching.gateway import get_gateway
from core import redis_state
from core.celery import broker
from devtools.embedded.wheels import redis_server_binary
from ratelimit.limiter import get_limiter
from tests.caching.interleaving import Interleaving
from tests.support import ids
from tests.support.smtp import FakeSMTP
from tests.support.telegram import BOT_TOKEN, SECRET, FakeTelegram
from tests.support.waiting import until


@setup_logging.connect
def keep_logging(**kwargs):
    """A worker in a test would set the levels for all tests that follow; it does not where this listens."""


def pytest_collection_finish():
    """Exempt the tests and the modules from garbage collection: each would look through all of them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Give each table ids that no other table has, and that no test writes as a number.

    A test that takes one row's id for another's, or finds its ``{"id": 1}`` in the row that it happens to
    have made first, would pass or fail by which tests its worker ran before.
    """
    with django_db_blocker.unblock():
        ids.give_each_table_its_own()


@pytest.fixture(scope="session")
def _own_redis():
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def _clean_redis(_own_redis):
    """Every test begins with an empty Redis and a closed breaker."""
    _own_redis.flushall()
    if settings.CACHING["CLUSTER"]:
        caches["default"].client.get_client().flushall()
    if get_gateway.cache_info().currsize:
        get_gateway().close()
    get_gateway.cache_clear()
    get_limiter.cache_clear()
    redis_state.server_at.cache_clear()
    broker.cache_clear()


@pytest.fixture(autouse=True)
def _settings_language():
    """Every test begins in the language of the settings: a request leaves its own to the thread."""
    translation.deactivate()


@pytest.fixture
def cache_redis():
    """A redis-py client of the cache's database, to look at what is really there."""
    return caches["default"].client.get_client()


@pytest.fixture
def own_redis(settings):
    """A Redis of the test's own in the place of the broker's; yields how to start and to stop it.

    On a Unix socket: another test's server could take a port while this one is stopped.
    """
    folder = tempfile.TemporaryDirectory(prefix="redis-")
    address = f"{folder.name}/socket"
    settings.CELERY_BROKER_URL = f"unix://{address}?db=0"
    running = []

    def start():
        words = [redis_server_binary(), "--port", "0", "--unixsocket", address, "--save", ""]
        running.append(subprocess.Popen([*words, "--dir", folder.name], stdout=subprocess.DEVNULL))
        until(_answers)

    def stop():
        running[-1].terminate()
        running.pop().wait(10)

    yield start, stop
    if running:
        stop()
    redis_state.client().close()
    folder.cleanup()


def _answers():
    try:
        return redis_state.client().ping()
    except redis.ConnectionError:
        return False


@pytest.fixture
def interleaving():
    """Makes actors that stop where a test says (tests/caching/interleaving.py)."""
    with Interleaving() as made:
        yield made


@pytest.fixture
def telegram(settings):
    """A Bot API server of the test's own, on which the project's bot works."""
    with FakeTelegram() as server:
        settings.TELEGRAM_API_URL = server.url
        settings.TELEGRAM_BOT_NAME = "syllabus_bot"
        settings.TELEGRAM_BOT_TOKEN = BOT_TOKEN
        settings.TELEGRAM_WEBHOOK_SECRET = SECRET
        yield server


@pytest.fixture(scope="module")
def open_browser(tmp_path_factory):
    """A function that opens a browser. Each is open until the module's last test has ended."""
    from tests.support.browsers import Browser  # Selenium is optional

    opened = []

    def open_one():
        opened.append(Browser(tmp_path_factory.mktemp("profile")))
        return opened[-1]

    yield open_one
    for browser in opened:
        browser.chrome.quit()


@pytest.fixture
def smtp(settings):
    """A mail server of the test's own, to which the project's mails go."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    with FakeSMTP() as server:
        settings.EMAIL_PORT = server.port
        yield server
