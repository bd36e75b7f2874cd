"""Requests to an application by WSGI, with the edge and without it."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from edge.wsgi import wrap

# What differs between two responses to one request: how much time has passed.
MOVES = {"Cache-Status": re.compile(r"ttl=\d+"), "RateLimit": re.compile(r"t=\d+")}


class Response(NamedTuple):
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name):
        return dict(self.headers)[name]

    def still(self, *, ids=False):
        """The response without what time has moved and, if ``ids``, without the request id."""
        headers = [
            (name, MOVES[name].sub("", value) if name in MOVES else value) for name, value in self.headers
        ]
        return self._replace(headers=[each for each in headers if not (ids and each[0] == "X-Request-ID")])


def environ(path, *, client="192.0.2.1", method="GET", **variables):
    """Return the variables of a request. Others are WSGI's: HTTP_ACCEPT="…"."""
    path, _, query = path.partition("?")
    usual = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": query,
        "REMOTE_ADDR": client,
        "HTTP_HOST": "testserver",
    }
    made = RequestFactory()._base_environ(**(usual | variables))
    if not made["HTTP_COOKIE"]:  # of the factory's empty jar
        del made["HTTP_COOKIE"]
    return made | {"PATH_INFO": path}


class Site:
    """An application with the edge in front; ``answered`` are the statuses of what the edge answered."""

    def __init__(self):
        self.answered = []
        self.django = WSGIHandler()
        self.edge = wrap(
            self.django, lambda meta, route, answer, seconds: self.answered.append(answer.status)
        )

    def get(self, path="/", *, without=False, **request):
        """Send one request (``environ``); ``without`` the edge."""
        got = []
        application = self.django if without else self.edge
        result = application(environ(path, **request), lambda *given: got.extend(given[:2]))
        body = b"".join(result)
        return Response(*got, body)

    def warm(self, path, **request):
        """Send a request until the edge may know its kind: a miss, and two hits to learn from."""
        for number in range(3):
            self.get(path, **{**request, "client": f"203.0.113.{number}"})
