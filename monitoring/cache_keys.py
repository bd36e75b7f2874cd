"""Inspection of the keys in the cache's Redis database."""

import json
from typing import Any, NamedTuple, NoReturn

from django_redis import get_redis_connection

from caching.keys import full_key

# Other keys of the cache: they are shown because they explain its state, but cannot be deleted here.
BOOKKEEPING = ("lease:{", "fence:", "generation:{", "caching:")
# Private keys with the values' prefix: even their names are credentials.
PRIVATE = ("django.contrib.sessions", "throttle")
MEMBERS_SHOWN = 100
SCAN_ROUNDS = 100


class Key(NamedTuple):
    """A key with its TTL in seconds (None: it does not expire) and its size in Redis' memory in bytes."""

    key: str
    type: str
    ttl: int | None
    size: int


def is_value(key: str) -> bool:
    """Return whether the key is that of a cached value, which may be deleted at any time."""
    return key.startswith(full_key("")) and not any(word in key for word in PRIVATE)


def is_visible(key: str) -> bool:
    return is_value(key) or key.startswith(BOOKKEEPING)


def list_keys(*, match: str, cursor: int, limit: int) -> tuple[list[Key], int | None]:
    """Return about ``limit`` keys that match the glob pattern, and the next cursor, None at the end.

    As with SCAN, a key may be returned twice.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    redis = get_redis_connection("default")
    names: list[str] = []
    for _ in range(SCAN_ROUNDS):
        cursor, found = redis.scan(cursor, match=match, count=limit)
        names += filter(is_visible, (name.decode(errors="backslashreplace") for name in found))
        if cursor == 0 or len(names) >= limit:
            break
    return _describe(redis, names), cursor or None


def get_key(key: str) -> tuple[Key, Any] | None:
    """Return a key with its value, None if there is no such key.

    JSON is decoded. Of a collection the first members are returned.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    redis = get_redis_connection("default")
    described = _describe(redis, [key])
    return (described[0], _value(redis, described[0])) if described else None


def drop_key(key: str) -> bool:
    """Delete a cached value, which the next read loads again. Return whether there was one."""
    return bool(get_redis_connection("default").unlink(key))


def _describe(redis: Any, names: list[str]) -> list[Key]:
    pipeline = redis.pipeline(transaction=False)
    for name in names:
        pipeline.type(name).ttl(name).memory_usage(name)
    answers = iter(pipeline.execute())
    triples = zip(names, answers, answers, answers, strict=False)
    return [
        Key(name, kind.decode(), ttl if ttl >= 0 else None, size)
        for name, kind, ttl, size in triples
        if size  # a key may expire between SCAN and here
    ]


def _value(redis: Any, key: Key) -> Any:
    name, last = key.key, MEMBERS_SHOWN - 1
    match key.type:
        case "string":
            return readable(redis.get(name) or b"")
        case "hash":
            _, members = redis.hscan(name, count=MEMBERS_SHOWN)
            return {_text(field): readable(value) for field, value in list(members.items())[:MEMBERS_SHOWN]}
        case "zset":
            return {_text(member): score for member, score in redis.zrange(name, 0, last, withscores=True)}
        case "list":
            return [readable(member) for member in redis.lrange(name, 0, last)]
        case "set":
            return [readable(member) for member in redis.sscan(name, count=MEMBERS_SHOWN)[1][:MEMBERS_SHOWN]]
    return None


def readable(raw: bytes) -> Any:
    """Return the decoded JSON, or the text if it is not JSON that a response can contain."""
    text = _text(raw)
    try:
        value = json.loads(text, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()  # fails for half a surrogate pair
    except (ValueError, RecursionError):
        return text
    return value


def _text(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON
