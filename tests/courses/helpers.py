"""What several tests of the courses look at, or do."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from api import redis_state


def problem(response, status):
    """The problem that a response is, and not some other kind of error."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == status
    return body


def queued():
    """Names of the tasks that wait in the broker, oldest first."""
    messages = redis_state.client().lrange("celery", 0, -1)
    return [json.loads(message)["headers"]["task"] for message in reversed(messages)]


def at_once(*calls):
    """Start all calls at the same moment, each on a thread and database connection of its own.

    What each returned or raised, in their order.
    """
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            return call()
        except Exception as error:  # noqa: BLE001  (the test looks at it)
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
