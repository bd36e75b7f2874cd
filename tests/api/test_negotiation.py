"""JSON or a page: ``Accept`` and ``?format=``."""

import pytest
from django.test import Client
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from api.negotiation import selected_format
from tests.api import urls
from tests.support.answers import problem
from web.browsable import BrowsableAPIRenderer

pytestmark = [urls.pytestmark]

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
ACCEPT = [None, "*/*", "application/json", "application/json, text/plain, */*", "application/*", CHROMIUM]
ACCEPT += [
    "text/html",
    "text/*",
    "application/json, text/html",
    "application/xml",
    "",
    "text/html; q=1.0, */*",
]


def render_by(settings, *renderers):
    """Set the renderers by Django's settings: DRF drops what is set on ``api_settings`` when they change."""
    names = [f"{each.__module__}.{each.__qualname__}" for each in renderers]
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_RENDERER_CLASSES": names}


@pytest.mark.parametrize("renderers", [[JSONRenderer], [JSONRenderer, BrowsableAPIRenderer]])
@pytest.mark.parametrize("accept", ACCEPT)
def test_selected_format_is_what_drf_selects(settings, renderers, accept):
    render_by(settings, *renderers)
    headers = {} if accept is None else {"Accept": accept}
    request = Request(APIRequestFactory().get("/", headers=headers))
    try:
        chosen, _ = DefaultContentNegotiation().select_renderer(request, [each() for each in renderers])
        expected = chosen.format
    except NotAcceptable:
        expected = None
    assert selected_format(accept) == expected


def test_a_browser_selects_a_page_and_api_clients_json(settings):
    render_by(settings, JSONRenderer, BrowsableAPIRenderer)
    assert [accept for accept in ACCEPT if selected_format(accept) != "json"] == [
        *(CHROMIUM, "text/html", "text/*", "application/xml", "", "text/html; q=1.0, */*"),
    ]


@pytest.mark.parametrize("accept", ["text/html", CHROMIUM, "application/xml", "*/*"])
def test_format_json_decides_whatever_the_client_accepts(accept):
    response = Client().get("/api/open/?format=json", headers={"Accept": accept})
    assert (response.status_code, response.json()) == (200, {"ok": True})


@pytest.mark.parametrize("query", ["format=xml", "format=api", "format=", "format=JSON", "%66ormat=xml"])
def test_an_unknown_format_is_a_400_that_says_what_is_accepted(query):
    body = problem(Client().get(f"/api/open/?{query}"), 400)
    assert body["errors"] == {"format": ["must be one of json."]}


def test_a_format_that_is_given_twice_is_a_400():
    body = problem(Client().get("/api/open/?format=json&format=json"), 400)
    assert body["errors"] == {"format": ["is given more than once."]}


def test_without_the_browsable_api_html_is_not_acceptable():
    problem(Client().get("/api/open/", headers={"Accept": "text/html"}), 406)
    response = Client().get("/api/open/", headers={"Accept": CHROMIUM})
    assert response["Content-Type"] == "application/json"
    assert "Accept" not in response["Vary"]
