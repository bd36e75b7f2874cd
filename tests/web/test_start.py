"""The start page: its links work for the person who looks at it, in three languages, without other hosts."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.contrib.staticfiles import finders

from courses.models import Course
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def viewer(role: str):
    if role == "student":
        return UserFactory()
    staff = UserFactory(is_staff=True)
    if role == "cache staff":
        staff.user_permissions.add(Permission.objects.get(codename="view_cache_keys"))
    return staff


@pytest.mark.parametrize("role", ["anonymous", "student", "staff", "cache staff"])
def test_every_link_works_for_the_viewer(client, role):
    if role != "anonymous":
        client.force_login(viewer(role))
    links = re.findall(r'href="(/[^"]*)"', client.get("/").content.decode())
    assert len(links) >= 7
    for link in links:
        if link.startswith("/static/"):
            assert finders.find(link.removeprefix("/static/")), link
            continue
        response = client.get(link, follow=True)
        assert response.status_code == 200, link
    assert ("/api/v1/cache/keys/" in links) == (role == "cache staff")
    assert ("/admin/" in links) == (role != "student")


def test_the_commands_name_this_host_and_addresses_that_answer(client):
    Course.objects.create(pk=1, title="Python")
    page = client.get("/", headers={"host": "127.0.0.1:8123"}).content.decode()
    addresses = re.findall(r"http://127\.0\.0\.1:8123(/[^ ]*?)&quot;", page)
    assert len(addresses) == 3
    for address in addresses:
        assert client.get(address.replace("&amp;", "&")).headers["X-Cache"] in {"MISS", "HIT"}


def test_the_page_loads_nothing_from_another_host(client):
    page = client.get("/", headers={"host": "testserver"}).content.decode()
    assert "://" not in page.replace("http://testserver/", "")
    assert "default-src 'none'" in client.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "See the cache work"),
        ("uk", "Подивіться, як працює кеш"),
        ("ru", "Посмотрите, как работает кеш"),
    ],
)
def test_the_page_speaks_three_languages(client, language, title):
    assert title in client.get("/", headers={"accept-language": language}).content.decode()
