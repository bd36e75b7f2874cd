"""The browsable API: pages for browsers, the same bytes as before for every other client."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from core.security import CONTENT_SECURITY_POLICY
from courses.models import Category
from tests.api.test_negotiation import CHROMIUM, render_by
from tests.courses.factories import CourseFactory
from tests.support.addresses import every_address, make_rows
from tests.support.answers import problem
from tests.support.browsers import needs_browser
from web.browsable import BrowsableAPIRenderer

PAGE = {"Accept": CHROMIUM}
LOADED = re.compile(r"""(?:src|<link[^>]* href)=["']([^"']+)""")


@pytest.fixture(autouse=True)
def _browsable(monkeypatch, settings):
    monkeypatch.setattr(APIView, "renderer_classes", [JSONRenderer, BrowsableAPIRenderer])
    render_by(settings, JSONRenderer, BrowsableAPIRenderer)
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}


@pytest.fixture
def staff(db):
    user = User.objects.create_superuser("staff", "staff@example.com", "correct horse")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def shown(response):
    """Return the headers that a page shows, and the JSON in it."""
    text = unescape(re.sub(r"<[^>]+>", "", response.content.decode().partition('"response-info"')[2]))
    headers, _, body = text.partition("\n\n")
    found = dict(re.findall(r"^([\w-]+): (.*)$", headers, re.MULTILINE))
    return found, json.JSONDecoder().raw_decode(body)[0]


def content(response, button):
    """Return what the form of a body with this button holds."""
    forms = re.findall(r"<form.*?</form>", response.content.decode(), re.DOTALL)
    [form] = [form for form in forms if f">{button}</button>" in form and "textarea" in form]
    return unescape(re.search(r"<textarea.*?>\n?(.*?)</textarea>", form, re.DOTALL)[1])


@pytest.mark.django_db(transaction=True)
class TestCachedAddress:
    @pytest.fixture
    def course(self):
        return CourseFactory()

    @pytest.fixture(params=["courses/", "courses/top/?limit=5&order=title", "courses/{pk}/", "categories/"])
    def address(self, request, course):
        return f"/api/v1/{request.param.format(pk=course.pk)}"

    def test_page_shows_the_miss_then_the_hit(self, address):
        first, second = (Client().get(address, headers=PAGE) for _ in range(2))
        assert [shown(each)[0]["X-Cache"] for each in (first, second)] == ["MISS", "HIT"]
        assert [each["X-Cache"] for each in (first, second)] == ["MISS", "HIT"]
        assert shown(second)[0]["Cache-Status"].startswith("Syllabus; hit; ttl=")
        assert first["Content-Type"] == "text/html; charset=utf-8"
        assert first["Content-Security-Policy"] == CONTENT_SECURITY_POLICY

    def test_json_is_the_same_bytes_with_and_without_pages_from_one_entry(self, address):
        page = Client().get(address, headers=PAGE)
        answer = Client().get(address)
        assert (answer["X-Cache"], answer["Content-Type"]) == ("HIT", "application/json")
        assert shown(page)[1] == answer.json()
        assert shown(page)[0]["ETag"] == answer["ETag"]
        separator = "&" if "?" in address else "?"
        assert Client().get(f"{address}{separator}format=json", headers=PAGE).content == answer.content

    def test_validator_of_the_json_is_never_the_pages(self, address):
        answer = Client().get(address)
        known = {"If-None-Match": answer["ETag"]}
        page = Client().get(address, headers=PAGE | known)
        assert page.status_code == 200
        assert "ETag" not in page
        assert set(page["Cache-Control"].split(", ")) == {"private", "no-store"}
        assert "Accept" in page["Vary"]
        not_modified = Client().get(address, headers=known)
        assert not_modified.status_code == 304
        assert "Accept" in not_modified["Vary"]

    def test_format_api_is_the_page_for_every_client(self, course):
        response = Client().get(f"/api/v1/courses/{course.pk}/?format=api")
        assert response["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.django_db(transaction=True)
def test_every_address_has_a_page(staff, settings):
    """Each GET answers a browser as it answers every client, and loads nothing from another host."""
    settings.TELEGRAM_WEBHOOK_SECRET = "secret"
    make_rows(User.objects.get(username="staff"))
    pages = 0
    for address in (each for each in every_address() if each.startswith("/api/v1/")):
        answer, page = staff.get(address), staff.get(address, headers=PAGE)
        assert page.status_code == answer.status_code, address
        if answer["Content-Type"] not in {"application/json", "application/problem+json"}:
            continue
        if page["Content-Type"] != "text/html; charset=utf-8":  # a file, or none of DRF's views
            assert answer.status_code == 404 or "certificates" in address, address
            continue
        pages += 1
        headers, body = shown(page)
        assert headers["Content-Type"] == answer["Content-Type"], address
        assert list(body) == list(answer.json()) if isinstance(body, dict) else body == answer.json(), address
        loaded = LOADED.findall(page.content.decode())
        assert loaded, address
        assert all(each.startswith("/static/") for each in loaded), address
    assert pages > 50


@pytest.mark.django_db
class TestForms:
    def test_the_form_of_a_new_row_has_the_fields_that_the_serializer_takes(self, staff):
        page = staff.get("/api/v1/categories/", headers=PAGE)
        assert json.loads(content(page, "POST")) == {"name": ""}

    def test_the_form_of_a_row_can_be_sent_back_as_it_is(self, staff):
        make_rows(User.objects.get(username="staff"))
        csrf = {"X-CSRFToken": staff.get("/api/v1/", headers=PAGE).cookies["csrftoken"].value, **PAGE}
        names = "courses categories subscriptions services plans clients lists tasks topics"
        for address in (f"/api/v1/{name}/1/" for name in names.split()):
            body = content(staff.get(address, headers=PAGE), "PUT")
            put = staff.put(address, body, "application/json", headers=csrf)
            assert put.status_code == 200, (address, body, shown(put))

    def test_the_form_of_an_action_without_a_body_is_empty(self, staff):
        make_rows(User.objects.get(username="staff"))
        page = staff.get("/api/v1/courses/1/enroll/", headers=PAGE)
        assert page.status_code == 405
        assert content(page, "POST") == ""

    def test_a_refused_body_is_shown_with_the_problem(self, staff):
        csrf = {"X-CSRFToken": staff.get("/api/v1/", headers=PAGE).cookies["csrftoken"].value, **PAGE}
        sent = {"name": "x", "colour": "red"}
        page = staff.post("/api/v1/categories/", json.dumps(sent), "application/json", headers=csrf)
        assert page.status_code == 400
        assert list(shown(page)[1]["errors"]) == ["colour"]
        assert json.loads(content(page, "POST")) == sent

    def test_a_post_without_the_csrf_token_is_refused(self, staff):
        page = staff.post("/api/v1/categories/", '{"name": "x"}', "application/json", headers=PAGE)
        assert (page.status_code, Category.objects.count()) == (403, 0)

    def test_who_may_not_write_sees_no_form(self):
        assert "<textarea" not in Client().get("/api/v1/categories/", headers=PAGE).content.decode()


@pytest.mark.django_db
def test_problems_are_pages():
    unauthorized = Client().get("/api/v1/me/", headers=PAGE)
    assert (unauthorized.status_code, unauthorized["WWW-Authenticate"]) == (401, "Token")
    assert shown(unauthorized)[1]["status"] == 401
    assert 'href="/accounts/login/?next=/api/v1/me/"' in unauthorized.content.decode()
    for address, status in {"courses/?page=x": 400, "courses/0/": 404, "nothing/?page=x": 404}.items():
        page = Client().get(f"/api/v1/{address}", headers=PAGE)
        assert (page.status_code, shown(page)[1]["status"]) == (status, status)
        assert page["X-Frame-Options"] == "DENY"
        assert page["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    problem(Client().get("/api/v1/nothing/?format=json", headers=PAGE), 404)
    problem(Client().post("/api/v1/nothing/", headers=PAGE), 404)


@pytest.mark.django_db
def test_text_of_a_user_is_no_html_and_links_lead_only_into_the_api(staff):
    names = ["<script>alert(1)</script>", "//example.com/api/", "/api/v1/courses/"]
    Category.objects.bulk_create(Category(name=name) for name in names)
    page = staff.get("/api/v1/categories/", headers=PAGE)
    text = page.content.decode()
    assert "<script>alert" not in text
    assert 'href="//' not in text
    assert '<a href="/api/v1/courses/">/api/v1/courses/</a>' in text
    assert {each["name"] for each in shown(page)[1]} == set(names)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@needs_browser
def test_in_chromium_signing_in_and_sending_a_form(open_browser, live_server):
    User.objects.create_superuser("staff", "staff@example.com", "correct horse")
    browser = open_browser()
    browser.chrome.get(f"{live_server.url}/api/v1/categories/")
    browser.click("#sign-in")
    browser.type("#id_username", "staff")
    browser.type("#id_password", "correct horse")
    browser.click("button#sign-in")
    browser.type("#id__content", '{"name": "Made in a browser"}')
    browser.click("#post-generic-content-form button")
    browser.wait_for_text(".response-info", "201 Created")
    assert Category.objects.get().name == "Made in a browser"
    browser.click(".breadcrumb a")
    browser.wait_for_text("h1", "What there is")
    browser.click('.response-info a[href="/api/v1/courses/"]')
    browser.wait_for_text(".response-info", "X-Cache: BYPASS")  # for one who sees drafts
    assert browser.complaints() == []
