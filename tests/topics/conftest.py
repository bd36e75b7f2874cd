"""People, and what their pages show them."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests.topics import factories

TOPIC = re.compile(r'<li class="topic".*?<h2>(?P<name>.*?)</h2>(?P<rest>.*?)</li>', re.DOTALL)
COUNT = re.compile(r'class="count">(\d+) ')
MINE = re.compile(r'<ul class="chips">(.*?)</ul>', re.DOTALL)
CHIP = re.compile(r"<a [^>]*>(.*?)</a>")


class Row(NamedTuple):
    count: int
    subscribed: bool
    may_delete: bool


class Reader:
    """A signed-in user in front of the page and of the API."""

    def __init__(self, user):
        self.user = user
        self.client = Client()
        self.client.force_login(user)
        self.api = APIClient()
        self.api.force_authenticate(user)

    def open(self, **params):
        response = self.client.get("/topics/", params)
        assert response.status_code == 200
        return response

    def rows(self, **params):
        """What the page shows of each topic, by name."""
        text = self.open(**params).content.decode()
        return {html.unescape(match["name"]): self._row(match["rest"]) for match in TOPIC.finditer(text)}

    def _row(self, text):
        marked = ">Subscribed<" in text
        assert marked == ("/unsubscribe/" in text) == ("/topics/subscribe/" not in text)
        return Row(int(COUNT.search(text)[1]), marked, "/delete/" in text)

    def mine(self):
        """The names under "My topics"."""
        found = MINE.search(self.open().content.decode())
        return [html.unescape(name) for name in CHIP.findall(found[1])] if found else []

    def post(self, path, **data):
        response = self.client.post(f"/topics/{path}", data)
        assert response.status_code == 302, response.content
        return response

    def messages(self, response):
        page = self.client.get(response.url)
        return re.findall(r'<p class="message (\w+)">(.*?)</p>', page.content.decode())


@pytest.fixture
def ann():
    return Reader(factories.UserFactory(username="ann"))


@pytest.fixture
def bob():
    return Reader(factories.UserFactory(username="bob"))


@pytest.fixture
def boss():
    return Reader(factories.UserFactory(username="boss", is_staff=True))
