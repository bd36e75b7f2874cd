"""The edge keeps the promise of the cache, and counts each request once."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils.module_loading import import_string
from rest_framework.settings import api_settings

from caching import metrics
from caching.gateway import get_gateway
from caching.redis.scripts import Script, ScriptCall
from caching.testing import announced_steps, original, replaced
from core import redis_state
from core.handoff import KEY
from courses import cache
from courses.view_counts import COUNTING
from edge import exchange
from tests.courses.factories import CourseFactory
from tests.edge.support import Site, environ

CLIENT = "198.51.100.7"


@pytest.fixture
def course(db):
    return CourseFactory(title="Old")


@pytest.fixture
def address(site, course):
    """The address of a course whose hits the edge answers."""
    path = f"/api/v1/courses/{course.pk}/"
    site.warm(path)
    assert site.get(path, client="203.0.113.9")["X-Cache"] == "HIT"
    assert site.answered == [200]
    site.answered.clear()
    redis_state.client().delete(COUNTING)
    return path


def left(response):
    return int(response["RateLimit"].split(";r=")[1].split(";")[0])


def views(course):
    return int(redis_state.client().hget(COUNTING, course.pk) or 0)


def test_after_a_write_the_edge_has_no_hit_until_the_new_value_is_stored(site, course, address):
    course.title = "New"
    course.save()
    missed, hit = site.get(address), site.get(address)
    assert (missed["X-Cache"], hit["X-Cache"], site.answered) == ("MISS", "HIT", [200])
    assert missed.body == hit.body
    assert b'"title":"New"' in hit.body


def test_a_reader_with_an_uncommitted_change_is_left_to_django(site, course, address):
    with transaction.atomic():
        course.title = "New"
        course.save()
        assert site.get(address)["X-Cache"] == "BYPASS"
    assert site.answered == []


def test_a_fenced_value_is_left_to_django(site, course, address):
    target = cache.course_detail._target({"pk": course.pk})
    get_gateway().fence([target], "token")
    assert site.get(address)["X-Cache"] == "BYPASS"
    assert site.answered == []


def test_a_course_that_is_gone_is_left_to_django(site, course, address):
    course.delete()
    assert site.get(address).status == "404 Not Found"


@pytest.mark.parametrize("server", [get_gateway, redis_state.server], ids=["cache", "state"])
def test_with_an_open_breaker_django_answers(site, address, server):
    server().breaker.is_open = True
    assert site.get(address).status == "200 OK"
    assert site.answered == []


def test_without_trust_nothing_is_sent_and_django_answers(site, course, address):
    get_gateway().watch.trust.withdraw()
    assert site.get(address).status == "200 OK"
    assert (site.answered, views(course)) == ([], 1)


def test_a_value_of_another_release_is_left_to_django(site, address, monkeypatch):
    monkeypatch.setitem(cache.course_detail.__dict__, "fingerprint", "00000000")
    exchange_of_the_release(site)
    assert site.get(address)["X-Cache"] == "MISS"
    assert site.answered == []


def exchange_of_the_release(site):
    from edge.endpoints import find_endpoint

    find_endpoint.cache_clear()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_if_trust_is_lost_during_the_exchange_django_answers_and_counts_nothing_twice(
    site, course, address, method
):
    for _ in range(3):
        site.get(address, method=method)
    site.answered.clear()
    redis_state.client().delete(COUNTING)
    before = left(site.get("/api/v1/courses/999999/", client=CLIENT))
    is_valid, asked = original("trust"), []

    def lost_after_the_exchange(trust, breaks):
        asked.append(breaks)
        return is_valid(trust, breaks) and len(asked) != 3  # require, before the exchange, after it

    with replaced("trust", lost_after_the_exchange):
        response = site.get(address, client=CLIENT, method=method)
    assert (response.status, response["X-Cache"], site.answered) == ("200 OK", "HIT", [])
    assert before - left(response) == 1
    assert views(course) == (method == "GET")


def test_gets_are_counted_and_nothing_else(site, course, address):
    for number in range(5):
        site.get(address, client=f"198.51.100.{number}")
    assert (views(course), site.answered) == (5, [200] * 5)
    for method in ("HEAD", "OPTIONS"):
        for _ in range(4):
            site.get(address, method=method)
    assert views(course) == 5


def test_a_hit_is_counted_once_also_by_the_request_that_teaches_the_edge(site, address, monkeypatch):
    site.warm(address)
    etag = site.get(address)["ETag"]
    counted = []
    monkeypatch.setattr(metrics, "count", lambda key, name: counted.append(name))
    for _ in range(3):  # the edge learns what a 304 looks like from the first
        site.get(address, client="203.0.113.10", HTTP_IF_NONE_MATCH=etag)
    assert counted == ["hits"] * 3


def test_the_limit_counts_hits_misses_and_django_together(site, course, address, settings):
    other = CourseFactory()
    asked = [
        address,
        f"/api/v1/courses/{other.pk}/",
        "/api/v1/courses/999999/",
        address,
        "/api/v1/categories/",
    ]
    statuses = [site.get(asked[n % 5], client=CLIENT).status[:3] for n in range(80)]
    assert statuses[:60].count("429") == 0
    assert statuses[60:] == ["429"] * 20
    assert site.answered
    limits = redis_state.client().llen(f"throttle:60:anon:ip:{CLIENT}")
    assert limits == 60
    assert views(course) + views(other) == 36


def test_limits_and_views_on_another_server_are_counted_there(site, course, address, own_redis, settings):
    start, _ = own_redis
    start()
    site.warm(address)  # settings have changed: the edge learns again
    site.answered.clear()
    response = site.get(address, client=CLIENT)
    assert not exchange._databases()[2]
    assert (site.answered, left(response)) == ([200], 59)
    assert views(course) == 4
    for _ in range(59):
        site.get(address, client=CLIENT)
    assert site.get(address, client=CLIENT).status == "429 Too Many Requests"
    assert views(course) == 63


def test_a_client_cannot_hand_anything_over(site, course, address):
    for name in (f"HTTP_{KEY}", f"HTTP_{KEY.upper()}"):
        assert left(site.get(address, client=CLIENT, **{name: "1"})) >= 56
    assert redis_state.client().llen(f"throttle:60:anon:ip:{CLIENT}") == 2


CREDENTIALS = {
    "accounts.authentication.TokenAuthentication": {"HTTP_AUTHORIZATION": "Token none"},
    "messaging.telegram.authentication.TelegramAuthentication": {"HTTP_X_TELEGRAM_USER_ID": "1"},
    "rest_framework.authentication.SessionAuthentication": {"HTTP_COOKIE": "a=b; sessionid=none"},
}


def test_credentials_of_every_kind_are_left_to_django(site, address):
    """A new authentication class needs a row here, and its header in api.http_cache.VARY."""
    classes = {
        f"{each.__module__}.{each.__qualname__}" for each in api_settings.DEFAULT_AUTHENTICATION_CLASSES
    }
    assert classes == {f"{import_string(name).__module__}.{name.rpartition('.')[2]}" for name in CREDENTIALS}
    for variables in CREDENTIALS.values():
        for _ in range(4):
            site.get(address, **variables)
    assert site.answered == []


class Changing:
    """A middleware whose header differs from response to response."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.number = 0

    def __call__(self, request):
        response = self.get_response(request)
        self.number += 1
        response.headers["X-Number"] = str(self.number)
        return response


class Setting(Changing):
    def __call__(self, request):
        response = self.get_response(request)
        response.set_cookie("seen", "1")
        return response


class Recoding(Changing):
    def __call__(self, request):
        response = self.get_response(request)
        response.headers["ETag"] = f"W/{response.headers['ETag']}"
        return response


class OfTheServer(Changing):
    """gunicorn sends a Server and a Date of its own, and drops the application's."""

    def __call__(self, request):
        response = self.get_response(request)
        response.headers["Server"] = "Syllabus"
        return response


@pytest.mark.parametrize("middleware", [Changing, Setting, Recoding, OfTheServer])
def test_a_response_that_a_middleware_makes_its_own_is_left_to_django(site, course, settings, middleware):
    settings.MIDDLEWARE = [f"{__name__}.{middleware.__name__}", *settings.MIDDLEWARE]
    changed = Site()
    for number in range(6):
        changed.get(f"/api/v1/courses/{course.pk}/", client=f"198.51.100.{number}")
    assert changed.answered == []


class Empty(Changing):
    def __call__(self, request):
        response = self.get_response(request)
        response.headers["X-Empty"] = ""
        return response


def test_a_header_without_a_value_is_sent_as_it_is(site, address, settings):
    settings.MIDDLEWARE = [f"{__name__}.Empty", *settings.MIDDLEWARE]
    changed = Site()
    changed.warm(address)
    assert changed.get(address)["X-Empty"] == ""
    assert changed.answered[-1:] == [200]


def test_the_exchange_is_one_script(site, address, monkeypatch):
    sent = []
    run = get_gateway().backend.exchange
    monkeypatch.setattr(
        get_gateway().backend, "exchange", lambda commands: sent.extend(commands) or run(commands)
    )
    site.get(address)
    assert [words[0] for words in sent] == ["EVALSHA"]


def test_requests_that_are_there_at_once_share_an_exchange(site, course, address, monkeypatch):
    other = f"/api/v1/courses/{CourseFactory().pk}/"
    asked = [
        environ(address),
        environ("/api/v1/courses/nothing/"),
        environ(address, HTTP_AUTHORIZATION="Token none"),
        environ(other, client=CLIENT),
        environ(other, client=CLIENT),
        {},
        environ(address, method="POST"),
        environ(address, client=CLIENT),
    ]
    sent = []
    exchange_calls = get_gateway().backend.exchange_calls
    monkeypatch.setattr(
        get_gateway().backend,
        "exchange_calls",
        lambda calls: sent.append(len(calls)) or exchange_calls(calls),
    )
    hit, *left_to_django, absent, waiting, broken, write, last = site.edge.edge.answer_all(asked)
    assert sent == [4]
    for answer, remaining in ((hit, 59), (last, 57)):
        assert (answer.status, b"Old" in answer.body) == (200, True)
        assert f"r={remaining};" in dict(answer.headers)["RateLimit"]
    assert [*left_to_django, broken, write] == [None] * 4
    assert (bool(absent.handoff.lease), waiting.handoff.lease) == (True, None)  # one of them loads
    assert [visit.handoff.decision.passes for visit in (absent, waiting)] == [True, True]
    assert views(course) == 2
    absent.end()


def test_a_script_that_redis_refuses_concerns_no_other_request(site, course, address):
    redis_state.client().set(f"throttle:60:anon:ip:{CLIENT}", "not what the script expects")
    first, refused, last = site.edge.edge.answer_all(
        [environ(address), environ(address, client=CLIENT), environ(address)]
    )
    assert (first.status, refused.handoff.decision, last.status) == (200, None, 200)
    assert "r=58;" in dict(last.headers)["RateLimit"]
    assert views(course) == 2


def test_a_declaration_without_triggers_concerns_no_other_request(site, course, address, monkeypatch):
    site.warm("/api/v1/categories/")
    monkeypatch.setattr(get_gateway().watch.trust, "uncovered", frozenset([cache.categories.key]))
    first, uncovered, last = site.edge.edge.answer_all(
        [environ(address), environ("/api/v1/categories/"), environ(address)]
    )
    assert (first.status, uncovered.handoff.decision, last.status) == (200, None, 200)
    assert "r=58;" in dict(last.headers)["RateLimit"]


def test_a_limit_is_exact_within_an_exchange(site, address):
    answers = site.edge.edge.answer_all([environ(address, client=CLIENT) for _ in range(70)])
    found = [getattr(answer, "status", None) for answer in answers]
    assert (found[:60], set(found[60:])) == ([200] * 60, {None})  # the first refusals teach the edge
    assert {visit.handoff.decision.passes for visit in answers[60:]} == {False}


def test_the_script_leaves_the_connection_in_its_database(site, address):
    site.get(address)
    assert get_gateway().commands(("EXISTS", ":1:v1:categories"), ("EXISTS", "caching:heartbeat")) == [0, 1]


def test_an_error_of_the_edge_is_logged_and_django_answers(site, address, monkeypatch, caplog):
    monkeypatch.setattr(exchange, "ask", lambda *given: 1 / 0)
    assert site.get(address).status == "200 OK"
    assert "The edge failed" in caplog.text


def test_a_call_that_is_no_hit_counts_nothing(site, course, address):
    nothing = ScriptCall(Script.of("return {'busy'}"), ())
    question = exchange.Question(None, [], (COUNTING, str(course.pk)))
    endpoint_call = exchange._call(nothing, question, 0, 0)
    assert get_gateway().run(endpoint_call) == [[[b"busy"], 0]]
    assert views(course) == 0


@pytest.fixture
def target(course, address):
    """The target of the course's value, which has just been dropped."""
    found = cache.course_detail._target({"pk": course.pk})
    get_gateway().drop([found])
    return found


def test_a_miss_is_loaded_under_the_lease_that_the_edge_has_acquired(site, course, address, target):
    steps = []
    with announced_steps(steps.append):
        assert site.get(address)["X-Cache"] == "MISS"
    assert [step for step in steps if step in {"look", "lease", "get_generation", "fill"}] == ["look", "fill"]
    assert views(course) == 1
    assert site.get(address)["X-Cache"] == "HIT"


def test_a_commit_after_the_edge_has_acquired_the_lease_keeps_the_value_from_being_stored(
    site, address, target
):
    with announced_steps(lambda step: get_gateway().drop([target]) if step == "fill" else None):
        assert site.get(address)["Cache-Status"] == "Syllabus; fwd=miss"
    assert site.get(address)["Cache-Status"] == "Syllabus; fwd=miss; stored"


def test_a_reader_that_finds_the_lease_of_another_one_waits_for_it(site, address, target):
    get_gateway().commands(("SET", target.lease_key, "Lanother", "PX", 30))
    assert site.get(address)["Cache-Status"] == "Syllabus; fwd=miss; stored"


def test_a_lease_that_django_does_not_use_is_released(site, course, address, target):
    with replaced("may store", lambda pending: False):
        assert site.get(address)["X-Cache"] == "BYPASS"
    assert get_gateway().commands(("EXISTS", target.lease_key)) == [0]
    course.delete()
    assert site.get(address).status == "404 Not Found"
    assert get_gateway().commands(("EXISTS", target.lease_key)) == [0]
