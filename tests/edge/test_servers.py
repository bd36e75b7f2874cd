"""The edge in real servers: exact limits and counts over two processes, and the same answers by ASGI."""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from core import redis_state
from courses.view_counts import COUNTING
from tests.courses.factories import CourseFactory
from tests.edge.support import MOVES
from tests.support.servers import serving

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CLIENTS, REQUESTS, LIMIT = 32, 300, 60
PROXY = {"NUM_PROXIES": "1", "THROTTLE_COURSES_TOP": "1000/min"}


def ask(port, method, path, client, **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers={"X-Forwarded-For": client, **headers})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


@pytest.fixture
def courses(transactional_db):
    return CourseFactory.create_batch(4)


def mixed(courses):
    """Hits and misses of details, HEAD, other endpoints, and credentials that are refused."""
    hit = f"/api/v1/courses/{courses[0].pk}/"
    kinds = [
        ("GET", hit, {}),
        ("HEAD", hit, {}),
        ("GET", f"/api/v1/courses/{courses[1].pk}/", {}),
        ("GET", hit, {"If-None-Match": "*"}),
        ("GET", "/api/v1/courses/?order=title", {}),
        ("GET", hit, {"Authorization": "Token none"}),
        ("GET", f"/api/v1/courses/{courses[2].pk}/", {}),
        ("GET", "/api/v1/courses/999999/", {}),
        ("GET", "/api/v1/courses/top/", {}),
    ]
    return itertools.islice(itertools.cycle(kinds), REQUESTS)


@pytest.mark.parametrize("server", ["two processes", "uvicorn"])
def test_the_limit_and_the_views_are_exact_over_processes(server, courses):
    with serving(server, **PROXY) as port:
        for number in range(24):  # each process learns the kinds of these requests
            for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"If-None-Match": "*"})):
                ask(port, method, f"/api/v1/courses/{courses[0].pk}/", f"203.0.113.{number}", **headers)
        redis_state.client().delete(COUNTING)
        with ThreadPoolExecutor(CLIENTS) as pool:
            requests = list(mixed(courses))
            asked = [pool.submit(ask, port, *each[:2], "192.0.2.1", **each[2]) for each in requests]
            statuses = [each.result()[0].status for each in asked]
        passed = [n for n, status in enumerate(statuses) if status != 429]
        assert len(passed) == LIMIT, Counter(statuses)
        counted = Counter(
            int(path.split("/")[4])
            for method, path, headers in (requests[n] for n in passed)
            if method == "GET"
            and path[16:-1].isdigit()
            and "Authorization" not in headers
            and "999" not in path
        )
        stored = {int(pk): int(views) for pk, views in redis_state.client().hgetall(COUNTING).items()}
        assert stored == counted


@pytest.mark.parametrize("server", ["two processes", "uvicorn"])
def test_a_server_with_the_edge_answers_as_one_without(server, courses):
    path = f"/api/v1/courses/{courses[0].pk}/"
    forms = [
        ("GET", path, {}),
        ("HEAD", path, {}),
        ("GET", path, {"If-None-Match": "*", "X-Request-ID": "mine"}),
        ("GET", "/api/v1/courses/top/?limit=2&order=title", {"Origin": "https://elsewhere.example"}),
        ("GET", path, {"Accept": "image/png"}),
    ]
    with serving(server, **PROXY) as with_edge, serving(server, EDGE="0", **PROXY) as without:
        for method, address, headers in forms:
            for number in range(12):
                ask(with_edge, method, address, f"203.0.113.{number}", **headers)
            ours, theirs = (
                _still(*ask(port, method, address, f"198.51.100.{port % 250}", **headers))
                for port in (with_edge, without)
            )
            assert ours == theirs, (method, address, headers)


def _still(response, body):
    headers = [
        (name, MOVES[name].sub("", value) if name in MOVES else value)
        for name, value in response.getheaders()
        if name.lower() not in ("date", "x-request-id", "ratelimit")
    ]
    return response.status, headers, body
