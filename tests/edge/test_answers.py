"""What the edge answers is what Django answers: status, headers in their order, and bytes."""

from __future__ import annotations

import pytest

from tests.courses.factories import CourseFactory
from tests.edge.support import Site

COURSE = "/api/v1/courses/{course}/"
TOP = "/api/v1/courses/top/?limit=3&order=-title"
LIST = "/api/v1/courses/?page_size=2&order=title"
CATEGORIES = "/api/v1/categories/"
ENDPOINTS = [COURSE, TOP, LIST, CATEGORIES]


@pytest.fixture
def course(db):
    courses = CourseFactory.create_batch(3)
    return courses[0]


def compare(site, path, **request):
    """Send a request to both, as clients of their own. Return the response and whether the edge gave it."""
    site.warm(path, **request)
    before = len(site.answered)
    ours = site.get(path, client="198.51.100.1", **request)
    by_edge = len(site.answered) > before
    theirs = site.get(path, client="198.51.100.2", without=True, **request)
    new_id = request.get("HTTP_X_REQUEST_ID") != ours["X-Request-ID"]
    assert ours.still(ids=new_id) == theirs.still(ids=new_id)
    return ours, by_edge


HITS = {
    "plain": {},
    "HEAD": {"method": "HEAD"},
    "a type": {"HTTP_ACCEPT": "application/json"},
    "a wildcard": {"HTTP_ACCEPT": "text/*;q=0.5, */*;q=0.1"},
    "a browser": {
        "HTTP_ACCEPT_LANGUAGE": "uk",
        "HTTP_ACCEPT_ENCODING": "gzip, br",
        "HTTP_USER_AGENT": "Mozilla",
    },
    "an id": {"HTTP_X_REQUEST_ID": "mine-1"},
    "a bad id": {"HTTP_X_REQUEST_ID": "no spaces, please"},
    "an origin": {"HTTP_ORIGIN": "https://elsewhere.example"},
    "a cookie": {"HTTP_COOKIE": "theme=dark"},
    "another port": {"HTTP_HOST": "testserver:8000"},
    "forwarded": {"HTTP_X_FORWARDED_FOR": "10.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"},
    "no match": {"HTTP_IF_NONE_MATCH": '"other", W/"another"'},
    "a range": {"HTTP_RANGE": "bytes=0-3"},
    "if match": {"HTTP_IF_MATCH": '"other"'},
    "since": {"HTTP_IF_MODIFIED_SINCE": "Sat, 29 Oct 2044 19:43:31 GMT"},
    "an unknown header": {"HTTP_X_ANYTHING": "at all"},
}


@pytest.mark.parametrize("request_", HITS.values(), ids=HITS)
@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_hit_is_answered_by_the_edge_as_django_would(site, course, path, request_):
    response, by_edge = compare(site, path.format(course=course.pk), **request_)
    assert by_edge
    assert (response.status, response["X-Cache"]) == ("200 OK", "HIT")


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ENDPOINTS)
def test_what_the_client_has_is_a_304_of_the_edge(site, course, path, method, known):
    path = path.format(course=course.pk)
    site.warm(path, method=method)
    etag = site.get(path, method=method)["ETag"]
    response, by_edge = compare(site, path, method=method, HTTP_IF_NONE_MATCH=known.format(etag))
    assert by_edge
    assert (response.status, response.body) == ("304 Not Modified", b"")


def for_django(course):
    draft = CourseFactory(is_published=False).pk
    return {
        "a wrong host": ("/api/v1/courses/", {"HTTP_HOST": "elsewhere.example"}),
        "a host that is none": ("/api/v1/courses/", {"HTTP_HOST": "a b"}),
        "not acceptable": ("/api/v1/courses/", {"HTTP_ACCEPT": "image/png"}),
        "html": ("/api/v1/courses/", {"HTTP_ACCEPT": "text/html"}),
        "an unknown parameter": ("/api/v1/courses/?colour=red", {}),
        "a repeated parameter": ("/api/v1/courses/?page=1&page=1", {}),
        "a bad number": ("/api/v1/courses/top/?limit=1000", {}),
        "a format": ("/api/v1/courses/?format=json", {}),
        "an unknown format": ("/api/v1/courses/?format=xml", {}),
        "an encoded format": ("/api/v1/courses/?for%6dat=xml", {}),
        "no format": (f"/api/v1/courses/{course.pk}/?%66orma%74=", {}),
        "two formats": (f"/api/v1/courses/{course.pk}/?for%6dat=json&for%6Dat=json", {}),
        "no slash": (f"/api/v1/courses/{course.pk}", {}),
        "two slashes": ("//api/v1/courses/", {}),
        "no such course": ("/api/v1/courses/999999/", {}),
        "a huge id": ("/api/v1/courses/99999999999999999999999/", {}),
        "a draft": (f"/api/v1/courses/{draft}/", {}),
        "no such page": ("/api/v1/courses/?page=99", {}),
        "no such category": ("/api/v1/courses/?category=999999", {}),
        "an overlong query": (
            f"/api/v1/courses/?search={'a' * 90}&order=title&page=1{'&page_size=5' * 9}",
            {},
        ),
        "another script": ("/api/v1/courses/", {"SCRIPT_NAME": "/evil"}),
        "a body": ("/api/v1/courses/", {"CONTENT_LENGTH": "1"}),
        "a token": ("/api/v1/courses/", {"HTTP_AUTHORIZATION": "Token none"}),
        "another scheme of credentials": ("/api/v1/courses/", {"HTTP_AUTHORIZATION": "Basic YTpi"}),
        "a session": ("/api/v1/courses/", {"HTTP_COOKIE": "sessionid=none"}),
        "the bot": ("/api/v1/courses/", {"HTTP_X_TELEGRAM_USER_ID": "1"}),
        "OPTIONS": ("/api/v1/courses/", {"method": "OPTIONS"}),
        "not of the API": ("/health/live", {}),
        "not ASCII": ("/api/v1/courses/\xd0\xb6/", {}),
    }


def test_what_is_no_anonymous_hit_is_answered_by_django(site, course):
    for name, (path, request) in for_django(course).items():
        _, by_edge = compare(site, path, **request)
        assert not by_edge, name


@pytest.mark.parametrize(
    "path", ["/api/v1/courses/?page=1&order=title", "/api/v1/courses/?order=title&page=1"]
)
def test_spellings_of_one_query_have_one_value(site, course, path):
    site.warm("/api/v1/courses/?order=title")
    site.get(path, client="203.0.113.9")
    response, by_edge = compare(site, path)
    assert by_edge
    assert response["X-Cache"] == "HIT"


@pytest.mark.parametrize("settings_of", [{"SECURE_SSL_REDIRECT": True}, {"ALLOWED_HOSTS": ["other.example"]}])
def test_settings_that_refuse_the_request_are_followed(site, course, settings, settings_of):
    for name, value in settings_of.items():
        setattr(settings, name, value)
    response, by_edge = compare(Site(), "/api/v1/courses/")
    assert not by_edge
    assert response.status[0] in "34"


def test_https_has_its_own_headers(site, course, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 3600
    site = Site()  # middleware reads them when it is made
    plain, _ = compare(site, "/api/v1/courses/")
    secure, by_edge = compare(site, "/api/v1/courses/", HTTP_X_FORWARDED_PROTO="https")
    assert by_edge
    assert "Strict-Transport-Security" not in dict(plain.headers)
    assert secure["Strict-Transport-Security"] == "max-age=3600"


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_refusal_is_answered_by_the_edge_as_django_would(site, course, path, settings):
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "4/min")
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    path = path.format(course=course.pk)
    site.warm(path)
    for client in ("198.51.100.3", "198.51.100.4"):  # two refusals to learn from
        assert [site.get(path, client=client).status[:3] for _ in range(5)] == [*["200"] * 4, "429"]
    site.answered.clear()
    ours = [site.get(path, client="198.51.100.5") for _ in range(6)]
    theirs = [site.get(path, client="198.51.100.6", without=True) for _ in range(6)]
    assert site.answered == [200] * 4 + [429] * 2
    for a, b in zip(ours[:4], theirs[:4], strict=True):
        assert a.still(ids=True) == b.still(ids=True)
    for a, b in zip(ours[4:], theirs[4:], strict=True):
        assert (a.status, [name for name, _ in a.headers]) == (b.status, [name for name, _ in b.headers])
        assert b"Expected available in" in a.body
        differ = {name for (name, x), (_, y) in zip(a.headers, b.headers, strict=True) if x != y}
        assert differ <= {"X-Request-ID", "RateLimit", "Retry-After", "Content-Length"}  # seconds


def test_switched_off_there_is_no_edge(db, settings):
    settings.EDGE = False
    off = Site()
    assert off.edge is off.django
