"""Signing in and out on pages, and the pages and texts that all of them share."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests import factories

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


def test_a_wrong_password_is_an_error_of_the_form(client, user):
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
