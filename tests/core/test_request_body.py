"""Bodies without a Content-Length, sent to real servers over real sockets."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection

import pytest
from django.test import Client

from accounts.actions import issue_access_token
from courses.models import Course
from tests import factories
from tests.support.servers import serving

WSGI_AND_ASGI = ["gunicorn", "uvicorn", "granian"]


@pytest.fixture
def course(transactional_db):
    return Course.objects.create(title="Old")


@pytest.fixture
def headers(transactional_db):
    token = issue_access_token(user=factories.UserFactory(is_superuser=True))
    return {"Authorization": f"Token {token}", "Content-Type": "application/json"}


def chunked(connection, method, address, body, headers):
    """Send a body in two chunks. Return the status, and the body of the answer as JSON."""
    half = len(body) // 2
    connection.request(method, address, iter([body[:half], body[half:]]), headers)
    response = connection.getresponse()
    text = response.read()
    return response.status, json.loads(text), response.headers


def answer_to_raw(port, address, headers, chunks):
    """Send a PATCH with the chunks as they are. Return all that the server sends until it closes."""
    lines = [
        f"PATCH {address} HTTP/1.1",
        "Host: localhost",
        "Transfer-Encoding: chunked",
        "Connection: close",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + chunks)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.slow
@pytest.mark.parametrize("server", WSGI_AND_ASGI)
def test_a_chunked_body_is_read(server, course, headers):
    address = f"/api/v1/courses/{course.pk}/"
    with serving(server) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        status, body, _ = chunked(connection, "PATCH", address, b'{"title": "New"}', headers)
        assert (status, body["title"]) == (200, "New")
        # The connection goes on with the next request.
        status, body, _ = chunked(connection, "PATCH", address, b'{"title": ""}', headers)
        assert (status, list(body["errors"])) == (400, ["title"])
        status, body, _ = chunked(connection, "PATCH", address, b" " * 2_700_000, headers)
        assert (status, body["detail"]) == (413, "The body is too large.")
        connection.close()
        if server != "granian":  # which hands over an empty body
            assert answer_to_raw(port, address, headers, b"zz\r\n{}\r\n0\r\n\r\n").startswith(
                b"HTTP/1.1 400 "
            )
    course.refresh_from_db()
    assert course.title == "New"


@pytest.mark.slow
def test_the_development_server_asks_for_the_length(course, headers):
    address = f"/api/v1/courses/{course.pk}/"
    with serving("runserver") as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        status, body, answered = chunked(connection, "PATCH", address, b'{"title": "New"}', headers)
        assert (status, body["status"]) == (411, 411)
        assert answered["Content-Type"] == "application/problem+json"
        assert answered["Connection"] == "close"  # else the chunks would be read as the next request
        connection.close()
        both = answer_to_raw(port, address, {**headers, "Content-Length": "2"}, b"2\r\n{}\r\n0\r\n\r\n")
        assert both.startswith(b"HTTP/1.1 411 ")
        assert both.count(b"HTTP/1.1") == 1  # the rest was not read as the next request
        connection.request("PATCH", address, b'{"title": "Stated"}', headers)
        assert connection.getresponse().status == 200
        connection.close()
    course.refresh_from_db()
    assert course.title == "Stated"


def test_a_chunked_form_is_read_or_refused_outside_the_api(db):
    """Django's own test client states no end of its body, like the development server."""
    response = Client().post("/accounts/login/", headers={"Transfer-Encoding": "chunked"}, CONTENT_LENGTH="")
    assert response.status_code == 411


def test_a_body_without_chunks_and_without_a_length_is_an_empty_one(db):
    assert Client().post("/accounts/login/", CONTENT_LENGTH="").status_code in {200, 403}
