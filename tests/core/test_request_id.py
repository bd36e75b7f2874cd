"""One id links a request, its log lines, and those of the tasks that it causes."""

import contextlib
import logging
import queue

import pytest
from celery.contrib.testing.worker import start_worker
from rest_framework.test import APIClient

from config.celery import app
from core.request_id import NONE, RequestIdFilter, request_id
from tests.api import urls

pytestmark = [urls.pytestmark]

logger = logging.getLogger(__name__)


@app.task
def log_a_line(then=None):
    logger.info("A task's line")
    if then:
        log_a_line.delay()


@contextlib.contextmanager
def collected(logger):
    """The ids that the project's formatter would print, as the lines are written."""
    seen = queue.SimpleQueue()

    class Collect(logging.Handler):
        def emit(self, record):
            seen.put(record.request_id)

    handler = Collect()
    handler.addFilter(RequestIdFilter())
    logger.addHandler(handler)
    yield seen
    logger.removeHandler(handler)


@pytest.fixture
def lines():
    logger.setLevel(logging.INFO)
    with collected(logger) as seen:
        yield seen


@pytest.fixture
def _worker():
    with start_worker(app, perform_ping_check=False, shutdown_timeout=30):
        yield


def test_the_caller_s_id_comes_back():
    response = APIClient().get("/api/open/", headers={"X-Request-ID": "from-the-proxy.1"})
    assert response["X-Request-ID"] == "from-the-proxy.1"


@pytest.mark.parametrize("offered", ["", "a b", "x" * 65, "a\tb", "<script>"])
def test_what_cannot_be_an_id_is_replaced(offered):
    response = APIClient().get("/api/open/", headers={"X-Request-ID": offered})
    assert len(response["X-Request-ID"]) == 32


def test_the_id_ends_with_the_request():
    APIClient().get("/api/open/")
    assert request_id.get() == NONE


@pytest.mark.parametrize("address", ["/api/nothing/", "/api/fail/conflict/", "/api/fail/bug/"])
def test_an_error_is_logged_once_and_with_the_id(address):
    with collected(logging.getLogger("django.request")) as lines:
        client = APIClient(raise_request_exception=False)
        client.get(address, headers={"X-Request-ID": "of-the-request"})
    assert lines.get(timeout=1) == "of-the-request"
    assert lines.empty()


@pytest.mark.slow
@pytest.mark.usefixtures("_worker")
def test_a_task_and_the_task_that_it_causes_carry_the_request_s_id(lines):
    token = request_id.set("of-the-request")
    log_a_line.delay(then=True)
    request_id.reset(token)
    assert [lines.get(timeout=10), lines.get(timeout=10)] == ["of-the-request"] * 2


@pytest.mark.slow
@pytest.mark.usefixtures("_worker")
def test_a_task_without_a_request_has_an_id_of_its_own(lines):
    sent = [log_a_line.delay().id for _ in range(2)]
    assert sorted([lines.get(timeout=10), lines.get(timeout=10)]) == sorted(sent)


def test_an_eager_task_leaves_its_caller_s_id_as_it_was(lines):
    token = request_id.set("of-the-request")
    log_a_line.apply()
    assert request_id.get() == "of-the-request"
    request_id.reset(token)
    assert lines.get(timeout=1) == "of-the-request"
