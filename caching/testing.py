"""What tests need to know of the cache, and what the cache needs to know of tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from django.core import mail


def is_tests_own(block: Any) -> bool:
    """Return whether an atomic block is one that a TestCase puts around its tests."""
    return bool(getattr(block, "_from_testcase", False))


def in_test_environment() -> bool:
    """Return whether Django's test runner, or pytest-django, has set the process up for tests."""
    return hasattr(mail, "outbox")


@contextlib.contextmanager
def announced_steps(reach: Callable[[str], None]) -> Iterator[None]:
    """Call ``reach`` before each step of the cache and of the database, and after it with ``done``.

    The steps are ``look``, ``connect``, ``COMMIT`` and, by name, the scripts: ``get_generation``,
    ``lease``, ``fill``, ``fence``, ``lift``, ``drop`` and so on. A test that stops a thread in ``reach``
    decides how readers and writers interleave.
    """
    from django.db.backends.postgresql import base

    from caching.gateway import RedisGateway
    from caching.redis.client import RedisClient

    def one(name: str) -> Callable[..., list[str]]:
        return lambda *_: [name]

    wrapped = (
        (RedisGateway, "read", one("look")),
        (RedisGateway, "read_fields", one("look")),
        (RedisGateway, "run", _script_names),
        (RedisGateway, "run_trusted", _script_names),
        (RedisClient, "_open", one("connect")),
        (base.DatabaseWrapper, "_commit", one("COMMIT")),
    )
    with contextlib.ExitStack() as stack:
        for owner, method, steps in wrapped:
            stack.enter_context(
                mock.patch.object(owner, method, _announcing(getattr(owner, method), steps, reach))
            )
        yield


def _announcing(
    method: Callable[..., Any], steps: Callable[..., list[str]], reach: Callable[[str], None]
) -> Callable[..., Any]:
    def announced(*args: Any) -> Any:
        names = steps(*args[1:])
        for name in names:
            reach(name)
        result = method(*args)
        for name in names:
            reach(f"{name} done")
        return result

    return announced


def _script_names(*calls: Any) -> list[str]:
    from caching.redis import scripts

    known = {
        script: name.lower().removesuffix("_field")
        for name, script in vars(scripts).items()
        if name.isupper()
    }
    return list(dict.fromkeys(known[call.script] for call in calls))
