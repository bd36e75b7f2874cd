"""Signing in and out, and the language of the pages."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests import factories
from topics.models import Topic

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse"
MSGID = re.compile(r'^msgid ((?:".*"\n)+)', re.MULTILINE)


@pytest.fixture
def user():
    user = factories.UserFactory(username="ann")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def client():
    return Client()


def sign_in(client, password=PASSWORD, **data):
    return client.post("/accounts/login/", {"username": "ann", "password": password, **data})


def test_signing_in_leads_to_where_the_reader_wanted_to_go(client, user):
    page = client.get("/topics/?search=go", follow=True)
    assert page.redirect_chain == [("/accounts/login/?next=/topics/%3Fsearch%3Dgo", 302)]
    assert 'value="/topics/?search=go"' in page.content.decode()
    assert sign_in(client, next="/topics/?search=go").url == "/topics/?search=go"
    assert client.get("/accounts/login/").url == "/topics/"


def test_signing_in_never_leads_to_another_site(client, user):
    assert sign_in(client, next="https://example.com/").url == "/topics/"


def test_a_wrong_password_is_told(client, user):
    response = sign_in(client, "wrong")
    assert response.status_code == 200
    assert 'role="alert"' in response.content.decode()
    assert client.get("/topics/").status_code == 302


def test_signing_out_ends_the_session_and_says_so(client, user):
    sign_in(client)
    assert client.get("/accounts/logout/").status_code == 405
    response = client.post("/accounts/logout/")
    assert "Signed out" in response.content.decode()
    assert client.get("/topics/").status_code == 302


def test_signing_out_unsigned_is_no_error(client):
    assert client.post("/accounts/logout/").status_code == 200


@pytest.mark.parametrize(
    ("language", "heading", "counted"),
    [
        ("en", "Topics", ["1 subscriber", "2 subscribers", "5 subscribers"]),
        ("uk", "Теми", ["1 підписник", "2 підписники", "5 підписників"]),
        ("ru", "Темы", ["1 подписчик", "2 подписчика", "5 подписчиков"]),
    ],
)
def test_the_page_speaks_the_readers_language(client, user, language, heading, counted):
    people = factories.UserFactory.create_batch(5)
    for number in (1, 2, 5):
        factories.TopicFactory().subscribers.add(*people[:number])
    client.force_login(user)
    asked = client.get("/topics/", headers={"Accept-Language": language}).content.decode()
    client.post("/i18n/setlang/", {"language": language, "next": "/topics/"})
    chosen = client.get("/topics/", headers={"Accept-Language": "fr"}).content.decode()
    for page in (asked, chosen):
        assert f'<html lang="{language}">' in page
        assert f">{heading}</h1>" in page
        assert all(f'aria-label="{name}"' in page for name in ("English", "Українська", "Русский"))
        assert all(text in page for text in counted)


def test_the_language_of_one_reader_does_not_stay_in_the_cache(client, user):
    Topic.objects.create(name="Go")
    client.force_login(user)
    assert "створено" in client.get("/topics/", headers={"Accept-Language": "uk"}).content.decode()
    assert ">created<" in client.get("/topics/", headers={"Accept-Language": "en"}).content.decode()


def test_the_api_speaks_one_language_and_does_not_vary_by_it(client, user):
    client.get("/accounts/login/", headers={"Accept-Language": "uk"})
    response = client.get("/api/v1/topics/", headers={"Accept-Language": "uk"})
    assert response.json()["detail"] == "Authentication credentials were not provided."
    assert "Accept-Language" not in response.get("Vary", "")
    assert "Content-Language" not in response


def test_errors_are_pages_in_the_readers_language(client):
    response = client.get("/nothing/here/", headers={"Accept-Language": "ru"})
    assert response.status_code == 404
    assert "По этому адресу ничего нет" in response.content.decode()


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_every_text_is_translated_and_compiled(language):
    folder = Path(settings.LOCALE_PATHS[0], language, "LC_MESSAGES")
    source = (folder / "django.po").read_text()
    assert "#, fuzzy" not in source
    assert not re.search(r'^msgstr(\[\d\])? ""\n(?!")', source, re.MULTILINE)
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog
    known = {key[0] if isinstance(key, tuple) else key for key in compiled}
    known |= {key.partition("\x04")[2] for key in known}
    wanted = {"".join(re.findall(r'"(.*)"', text)) for text in MSGID.findall(source)}
    assert len(wanted) > 60
    assert wanted <= known
