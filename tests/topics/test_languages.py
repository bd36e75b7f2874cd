"""The language of the page is the reader's; the API has one."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.topics import factories
from topics.models import Topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return factories.UserFactory()


@pytest.fixture
def client():
    return Client()


@pytest.mark.parametrize(
    ("language", "heading", "counted"),
    [
        ("en", "Topics", ["1 subscriber", "2 subscribers", "5 subscribers"]),
        ("uk", "Теми", ["1 підписник", "2 підписники", "5 підписників"]),
        ("ru", "Темы", ["1 подписчик", "2 подписчика", "5 подписчиков"]),
    ],
)
def test_the_page_speaks_the_readers_language(client, reader, language, heading, counted):
    people = factories.UserFactory.create_batch(5)
    for number in (1, 2, 5):
        factories.TopicFactory().subscribers.add(*people[:number])
    client.force_login(reader)
    asked = client.get("/topics/", headers={"Accept-Language": language}).content.decode()
    client.post("/i18n/setlang/", {"language": language, "next": "/topics/"})
    chosen = client.get("/topics/", headers={"Accept-Language": "fr"}).content.decode()
    for page in (asked, chosen):
        assert f'<html lang="{language}">' in page
        assert f">{heading}</h1>" in page
        assert all(f'aria-label="{name}"' in page for name in ("English", "Українська", "Русский"))
        assert all(text in page for text in counted)


def test_the_language_of_one_reader_does_not_stay_in_the_cache(client, reader):
    Topic.objects.create(name="Go")
    client.force_login(reader)
    assert "створено" in client.get("/topics/", headers={"Accept-Language": "uk"}).content.decode()
    assert ">created<" in client.get("/topics/", headers={"Accept-Language": "en"}).content.decode()


def test_the_api_speaks_one_language_and_does_not_vary_by_it(client):
    client.get("/accounts/login/", headers={"Accept-Language": "uk"})
    response = client.get("/api/v1/topics/", headers={"Accept-Language": "uk"})
    assert response.json()["detail"] == "Authentication credentials were not provided."
    assert "Accept-Language" not in response.get("Vary", "")
    assert "Content-Language" not in response
