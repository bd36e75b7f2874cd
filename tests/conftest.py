"""Fixtures shared by every test."""

import pytest

from api import limiter, redis_state


@pytest.fixture(autouse=True)
def fresh_state():
    """No test meets the request counts, or the outage, that another left behind."""
    redis_state.client().flushdb()
    limiter.breaker.succeeded()
