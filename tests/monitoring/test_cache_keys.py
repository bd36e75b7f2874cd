"""Inspecting the cache, for those who have the permission."""

import json

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from rest_framework.test import APIClient

from caching import Cached, CachedFamily
from caching.testing import own_declarations
from config.environment import state_dir
from tests.devtools.processes import server_process

pytestmark = pytest.mark.django_db

LIST = "/api/v1/cache/keys/"


@pytest.fixture(autouse=True)
def _remove_declarations(db):
    with own_declarations():
        yield


@pytest.fixture
def staff():
    client = APIClient()
    client.force_authenticate(user_with("view_cache_keys", "delete_cache_keys"))
    return client


def user_with(*permissions):
    user = User.objects.create(username="staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def names(response) -> set[str]:
    return {row["key"] for row in response.json()["results"]}


@pytest.mark.parametrize(
    ("permissions", "view", "delete"),
    [
        ([], 403, 403),
        (["view_subscription", "view_cache_keys"], 200, 403),
        (["delete_cache_keys"], 403, 204),
    ],
)
def test_keys_need_permissions_of_their_own(cache_redis, permissions, view, delete):
    cache_redis.set(":1:x", "1")
    client = APIClient()
    client.force_authenticate(user_with(*permissions))
    assert client.get(LIST).status_code == view
    assert client.get(f"{LIST}:1:x/").status_code == view
    assert client.options(LIST).status_code == view
    assert client.delete(f"{LIST}:1:x/").status_code == delete


def test_keys_are_not_for_anonymous_callers():
    client = APIClient()
    assert client.get(LIST).status_code == 401
    assert client.delete(f"{LIST}:1:x/").status_code == 401


def test_a_key_is_listed_with_type_ttl_and_size(staff):
    cache.set("test:foo", {"n": 123}, 300)
    rows = staff.get(LIST, {"match": "*test:foo*"}).json()["results"]
    assert [row["key"] for row in rows] == [":1:test:foo"]
    assert rows[0]["type"] == "string"
    assert 295 <= rows[0]["ttl"] <= 300
    assert rows[0]["size"] > 0


def test_following_the_cursor_lists_every_key(staff, cache_redis):
    cache_redis.mset({f":1:many:{n}": n for n in range(1_000)})
    found, cursor = set(), 0
    while cursor is not None:
        page = staff.get(LIST, {"limit": 50, "cursor": cursor})
        found |= names(page)
        assert len(page.json()["results"]) <= 150
        cursor = page.json()["cursor"]
    assert found >= {f":1:many:{n}" for n in range(1_000)}


def test_a_value_is_decoded_json(staff):
    cached = Cached(
        "test:value:{pk}", ttl=60, load=lambda pk: {"id": pk, "π": [1.5, None]}, invalidated_by={}
    )
    cached.get(pk=1)
    shown = staff.get(f"{LIST}:1:test:value:1/").json()
    assert shown["value"] == {"id": 1, "π": [1.5, None]}
    assert shown["key"] == ":1:test:value:1"


def test_the_members_of_a_family_are_decoded(staff):
    family = CachedFamily("test:family", ttl=60, load=lambda page: {"page": page}, invalidated_by={})
    family.get(page=1)
    family.get(page=2)
    shown = staff.get(f"{LIST}:1:test:family/").json()
    assert shown["type"] == "hash"
    assert shown["value"]["page=1"] == {"page": 1}
    assert shown["value"]["page=2"] == {"page": 2}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"123", 123),
        (b"plain text", "plain text"),
        (b"NaN", "NaN"),
        (b'"\\ud800"', '"\\ud800"'),
        (b"\xff\x00", "\\xff\x00"),
        (b"[" * 5_000, "[" * 5_000),
        (b"", ""),
    ],
)
def test_any_bytes_can_be_shown(staff, cache_redis, raw, shown):
    cache_redis.set(":1:raw", raw)
    assert staff.get(f"{LIST}:1:raw/").json()["value"] == shown


def test_every_type_can_be_shown(staff, cache_redis):
    cache_redis.rpush(":1:list", "1", "two")
    cache_redis.sadd(":1:set", "1")
    cache_redis.zadd(":1:zset", {"one": 1.5})
    cache_redis.xadd(":1:stream", {"a": "b"})
    values = [staff.get(f"{LIST}:1:{name}/").json()["value"] for name in ("list", "set", "zset", "stream")]
    assert values == [[1, "two"], [1], {"one": 1.5}, None]


def test_of_a_large_collection_the_first_hundred_are_shown(staff, cache_redis):
    cache_redis.hset(":1:big", mapping=dict.fromkeys(range(5000), "x" * 100))
    cache_redis.sadd(":1:many", *range(5_000))
    assert len(staff.get(f"{LIST}:1:big/").json()["value"]) == 100
    assert len(staff.get(f"{LIST}:1:many/").json()["value"]) == 100


def test_a_key_with_a_slash_and_a_space_is_found(staff, cache_redis):
    cache_redis.set(":1:a/b c", "1")
    assert staff.get(f"{LIST}:1:a/b%20c/").json()["value"] == 1


@pytest.mark.parametrize("key", [":1:django.contrib.sessions.cacheabc", ":1:throttle_anon_1", "celery"])
def test_sessions_throttles_and_strangers_are_never_shown_nor_dropped(staff, cache_redis, key):
    cache_redis.set(key, json.dumps("secret"))
    assert key not in names(staff.get(LIST))
    assert b"secret" not in staff.get(f"{LIST}{key}/").content
    assert staff.get(f"{LIST}{key}/").status_code == 403
    assert staff.delete(f"{LIST}{key}/").status_code == 409
    assert cache_redis.exists(key)


def test_dropping_a_value_makes_the_next_read_a_miss(staff):
    cached = Cached("test:drop:{pk}", ttl=60, load=lambda pk: {"id": pk}, invalidated_by={})
    cached.get(pk=1)
    assert cached.get(pk=1).x_cache == "HIT"
    assert staff.delete(f"{LIST}:1:test:drop:1/").status_code == 204
    assert cached.get(pk=1).x_cache == "MISS"
    assert cached.get(pk=1).x_cache == "HIT"


def test_what_keeps_the_cache_coherent_is_shown_but_not_dropped(staff, cache_redis):
    Cached("test:kept:{pk}", ttl=60, load=lambda pk: {"id": pk}, invalidated_by={}).get(pk=1)
    beside = {key for key in names(staff.get(LIST)) if not key.startswith(":1:")}
    assert any(key.startswith("lease:{") for key in beside)
    for key in beside:
        response = staff.delete(f"{LIST}{key}/")
        assert response.status_code == 409, key
        assert response["Content-Type"] == "application/problem+json"
        assert cache_redis.exists(key)


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_key_that_is_not_there_is_404(staff, method):
    response = getattr(staff, method)(f"{LIST}:1:nothing/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query", ["page=1", "limit=0", "limit=501", "limit=x", "cursor=-1", "cursor=x", f"match={'x' * 201}"]
)
def test_bad_parameters_are_400_and_named(staff, query):
    response = staff.get(f"{LIST}?{query}")
    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["errors"]


@pytest.mark.slow
def test_redis_away_is_503_in_time(staff):
    redis = server_process(state_dir(), "REDIS_URL")
    redis.suspend()
    try:
        for response in (staff.get(LIST), staff.get(f"{LIST}:1:x/"), staff.delete(f"{LIST}:1:x/")):
            assert response.status_code == 503
            assert response["Content-Type"] == "application/problem+json"
            assert int(response["Retry-After"]) > 0
    finally:
        redis.resume()
