"""Fixtures shared by every test."""

import pytest
import redis
from celery.signals import setup_logging
from django.conf import settings
from django.core.cache import caches

from api.after_commit import broker
from api.limiter import get_limiter
from caching.store import get_store
from tests.telegram import BOT_TOKEN, SECRET, FakeTelegram


@setup_logging.connect
def keep_logging(**kwargs):
    """A worker in a test would set the levels for all tests that follow; it does not where this listens."""


@pytest.fixture(autouse=True)
def _clean_redis():
    """Every test begins with an empty Redis and a closed breaker."""
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        client.flushall()
    if settings.CACHING["CLUSTER"]:
        caches["default"].client.get_client().flushall()
    get_store.cache_clear()
    get_limiter.cache_clear()
    broker.cache_clear()


@pytest.fixture
def cache_redis():
    """A redis-py client of the cache's database, to look at what is really there."""
    return caches["default"].client.get_client()


@pytest.fixture
def telegram(settings):
    """A Bot API server of the test's own, on which the project's bot works."""
    with FakeTelegram() as server:
        settings.TELEGRAM_API_URL = server.url
        settings.TELEGRAM_BOT_NAME = "syllabus_bot"
        settings.TELEGRAM_BOT_TOKEN = BOT_TOKEN
        settings.TELEGRAM_WEBHOOK_SECRET = SECRET
        yield server
