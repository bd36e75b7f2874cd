"""Helpers for tests of code that uses the cache, and of the cache itself."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from hashlib import sha1
from importlib import import_module
from typing import Any, cast
from unittest import mock


def _named(name: str) -> Callable[..., list[str]]:
    return lambda *_: [name]


@contextlib.contextmanager
def announced_steps(reach: Callable[[str], None]) -> Iterator[None]:
    """Call ``reach`` before each step of the cache and of the database, and after it with ``done``.

    The steps are ``look``, ``COMMIT`` and the names of the scripts: ``get_generation``, ``lease``, ``fill``,
    ``fence``, ``lift``, ``drop`` and so on. Within a step there are ``exchange``, each round trip to Redis,
    and ``connect``, each connection that is opened for it. A test that blocks a thread in ``reach``
    determines the order of the steps of readers and writers.
    """
    from django.db.backends.postgresql import base

    from caching.gateway import RedisGateway
    from caching.redis.client import RedisClient

    wrapped = (
        (RedisGateway, "read", _named("look")),
        (RedisGateway, "read_fields", _named("look")),
        (RedisGateway, "run", _script_names),
        (RedisGateway, "run_trusted", _script_names),
        (RedisGateway, "run_and_judge", _named("look")),
        (RedisClient, "exchange", _named("exchange")),
        (RedisClient, "_open", _named("connect")),
        (base.DatabaseWrapper, "_commit", _named("COMMIT")),
    )
    with contextlib.ExitStack() as stack:
        for owner, method, steps in wrapped:
            stack.enter_context(
                mock.patch.object(owner, method, _announcing(getattr(owner, method), steps, reach))
            )
        yield


# The name of each step and the function that runs it. Tests replace one to disable a part of the cache.
STEPS = {
    "look": "caching.read.entries.KeyEntry.look",
    "look at a field": "caching.read.entries.HashFieldEntry.look",
    "run trusted": "caching.gateway.RedisGateway.run_trusted",
    "without caller": "caching.read.loading._without_caller",
    "bypass": "caching.write.pending.PendingInvalidations.must_bypass",
    "may store": "caching.write.pending.PendingInvalidations.may_store",
    "isolation": "caching.write.pending.PendingInvalidations.note_isolation",
    "flush": "caching.write.pending.PendingInvalidations.flush",
    "report": "caching.write.pending.read_report",
    "lock rows": "caching.write.resolve._Resolver._lock",
    "fence": "caching.gateway.RedisGateway.fence",
    "lift": "caching.gateway.RedisGateway.lift",
    "drop": "caching.gateway.RedisGateway.drop",
    "COMMIT": "django.db.backends.postgresql.base.DatabaseWrapper._commit",
    "record": "caching.recovery.outbox.record",
    "drain": "caching.recovery.outbox.drain",
    "lift overdue": "caching.recovery.fences.lift_overdue",
    "origin": "caching.recovery.origin.check",
    "trust": "caching.recovery.trust.Trust.is_valid",
    "grace": "caching.recovery.trust.Trust.in_grace",
    "require": "caching.recovery.watch.Watch.require",
    "uncovered": "caching.postgresql.installed.uncovered",
    "distrust": "caching.redis.client.distrust_after_restart",
}

# The names of times, in seconds, that tests may change.
TIMES = {
    "trust": "caching.recovery.trust.TRUST_SECONDS",
    "grace": "caching.recovery.trust.GRACE_SECONDS",
    "tick": "caching.recovery.watch.TICK_SECONDS",
    "idle": "caching.recovery.watch.IDLE_SECONDS",
    "check": "caching.recovery.watch.CHECK_TIMEOUT_SECONDS",
    "coverage": "caching.recovery.watch.COVERAGE_SECONDS",
    "collapse": "caching.read.read_through.COLLAPSE_WAIT_SECONDS",
}
MILLISECONDS = {"overdue": "caching.gateway.FENCE_OVERDUE_MS", "lease": "caching.read.entries.LEASE_TTL_MS"}


@contextlib.contextmanager
def replaced(step: str, by: Callable[..., Any]) -> Iterator[None]:
    """Run ``by`` in place of a step of the cache, one of ``STEPS``."""
    with mock.patch(STEPS[step], by):
        yield


def original(step: str) -> Callable[..., Any]:
    """Return the function that runs a step, so that a replacement can call it."""
    module, *names = _module_and_names(STEPS[step])
    found: Any = import_module(module)
    for name in names:
        found = getattr(found, name)
    return cast("Callable[..., Any]", found)


def _module_and_names(path: str) -> list[str]:
    parts = path.split(".")
    names = 2 if parts[-2].strip("_")[0].isupper() else 1
    return [".".join(parts[:-names]), *parts[-names:]]


@contextlib.contextmanager
def changed_script(name: str, old: str, new: str) -> Iterator[None]:
    """Replace a part of a Lua script's text, for example ``changed_script("FILL", "return 0", "")``."""
    from caching.redis import scripts

    text = getattr(scripts, name).text
    if old not in text:
        raise ValueError(f"{name} has no {old!r}")
    text = text.replace(old, new)
    script = scripts.Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
    with mock.patch.object(scripts, name, script):
        yield


@contextlib.contextmanager
def timing(**seconds: float) -> Iterator[None]:
    """Use other times in the block, such as ``timing(grace=0, overdue=0.1)``. See ``TIMES``.

    With ``tick=3600`` the watch thread checks only when a reader, a writer or the test (``check_now``)
    requests it.
    """
    with contextlib.ExitStack() as stack:
        for name, value in seconds.items():
            path, scale = (MILLISECONDS[name], 1000) if name in MILLISECONDS else (TIMES[name], 1)
            stack.enter_context(mock.patch(path, value * scale if scale == 1 else round(value * scale)))
        yield


def check_now() -> bool:
    """Run one check of the watch thread in this thread. Return whether Redis is trusted afterwards."""
    from caching.gateway import get_gateway

    gateway = get_gateway()
    gateway.watch.check()
    return gateway.watch.trust.is_valid(gateway.breaks)


@contextlib.contextmanager
def using_gateway(gateway: Any) -> Iterator[None]:
    """Make the cache use another gateway in the block."""
    from caching.gateway import get_gateway

    def get_another() -> Any:
        return gateway

    users = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("caching.") and getattr(module, "get_gateway", None) is get_gateway
    ]
    with contextlib.ExitStack() as stack:
        for module in users:
            stack.enter_context(mock.patch.object(module, "get_gateway", get_another))
        yield


@contextlib.contextmanager
def own_declarations(using: str = "default") -> Iterator[Callable[..., None]]:
    """Remove at the end the declarations of the block. Yield a function that installs their triggers.

    ::

        with own_declarations() as report:
            detail = Cached("odd:{pk}", ...)
            report()
    """
    from caching import registry
    from caching.gateway import get_gateway
    from caching.postgresql import triggers

    def report(*, prune: bool = False) -> None:
        triggers.install(using, prune=prune)
        get_gateway().watch.recheck_triggers()

    with registry.restored():
        yield report
    report(prune=True)


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


def assert_independent_of_caller(declared: Any, **params: Any) -> None:
    """Fail if a value depends on the caller: its language, time zone, script prefix or host.

    Args:
        declared: a ``Cached`` or ``CachedFamily``; ``params`` are those of its ``get``.
    """
    from django.urls import get_script_prefix, set_script_prefix
    from django.utils import timezone, translation

    bodies, prefix = [], get_script_prefix()
    for script, language, zone in (("/", "en", "UTC"), ("/a-callers/", "uk", "Asia/Tokyo")):
        set_script_prefix(script)
        try:
            with translation.override(language), timezone.override(zone):
                bodies.append(declared.load_uncached(**params))
        finally:
            set_script_prefix(prefix)
    if bodies[0] != bodies[1]:
        raise AssertionError(f"{declared.key} depends on the caller: {bodies[0]!r} and {bodies[1]!r}")
    if b"://" in bodies[0]:
        raise AssertionError(f"{declared.key} contains an address: {bodies[0]!r}")
