"""The faults of the nemesis. Each function causes a fault once; it is over when the function returns."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

MAX_SPELL_SECONDS = 1.5
SQUEEZED_BYTES = 2 * 2**20
JUNK_BYTES = 50_000
REDIS_OUTAGE_SHARE = 0.5
LONG_COMMIT_SECONDS = 11


class Nemesis(Protocol):
    """The parts of a trial that faults use."""

    proxies: Sequence[Any]
    redis: Any
    postgres: Any

    def kill_a_writer(self, rng: random.Random) -> None: ...
    def redis_is(self, mode: str, only: int | None = None) -> AbstractContextManager[None]: ...
    def sql(self, text: str) -> list[Any]: ...
    def session(self) -> AbstractContextManager[Any]: ...


def _spell(rng: random.Random) -> None:
    time.sleep(rng.uniform(0.05, MAX_SPELL_SECONDS))


def kill(nemesis: Nemesis, rng: random.Random) -> None:
    """Kill a writer with SIGKILL at a random moment, and start another one."""
    nemesis.kill_a_writer(rng)


def hang(nemesis: Nemesis, rng: random.Random) -> None:
    """Let Redis accept connections and not answer; commands that are sent to it arrive late."""
    with nemesis.redis_is("hang"):
        _spell(rng)


def refuse(nemesis: Nemesis, rng: random.Random) -> None:
    """Let Redis refuse connections."""
    with nemesis.redis_is("refuse"):
        _spell(rng)


def cut(nemesis: Nemesis, rng: random.Random) -> None:
    """Reset every connection, several times."""
    for _ in range(5):
        with nemesis.redis_is("cut"):
            pass
        time.sleep(rng.uniform(0, 0.05))


def partition(nemesis: Nemesis, rng: random.Random) -> None:
    """Cut some processes off from Redis, but not the others."""
    with nemesis.redis_is(rng.choice(["hang", "refuse"]), only=rng.randrange(len(nemesis.proxies))):
        _spell(rng)


def restart(nemesis: Nemesis, rng: random.Random) -> None:
    """Kill Redis and start it with a snapshot that was made some time before."""
    with nemesis.redis.client() as client:
        client.save()
    _spell(rng)
    nemesis.redis.kill()
    time.sleep(rng.choice([0, 0, 0.3]))
    nemesis.redis.start()


def evict(nemesis: Nemesis, rng: random.Random) -> None:
    """Fill Redis with other keys, so that volatile-lru evicts keys with a TTL."""
    with nemesis.redis.client() as client:
        client.config_set("maxmemory", client.info("memory")["used_memory"] + SQUEEZED_BYTES)
        for n in range(200):
            client.set(f"junk:{n % 60}", b"x" * JUNK_BYTES, ex=60)
            time.sleep(rng.uniform(0, 0.01))
        client.config_set("maxmemory", 0)


def lock_outbox(nemesis: Nemesis, rng: random.Random) -> None:
    """Lock the table of the outbox; sometimes Redis becomes unavailable, too."""
    with nemesis.session() as cursor:
        cursor.execute("BEGIN; LOCK TABLE caching_outbox IN ACCESS EXCLUSIVE MODE")
        _spell(rng)
        if rng.random() < REDIS_OUTAGE_SHARE:
            with nemesis.redis_is(rng.choice(["hang", "refuse"])):
                _spell(rng)
        cursor.execute("COMMIT")


def starve(nemesis: Nemesis, rng: random.Random) -> None:
    """Forbid the role new connections, and end those of the watch threads."""
    nemesis.sql("ALTER ROLE bench_app CONNECTION LIMIT 0")
    nemesis.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cache watch'"
    )
    _spell(rng)
    if rng.random() < REDIS_OUTAGE_SHARE:
        with nemesis.redis_is(rng.choice(["hang", "refuse"])):
            _spell(rng)
    nemesis.sql("ALTER ROLE bench_app CONNECTION LIMIT -1")


def commit_unknown(nemesis: Nemesis, rng: random.Random) -> None:
    """Cut writers' connections while COMMIT waits for a standby, until after their fences are overdue."""
    nemesis.sql("ALTER SYSTEM SET synchronous_standby_names = 'missing'")
    nemesis.sql("SELECT pg_reload_conf()")
    try:
        _spell(rng)
        nemesis.postgres.mode = "cut"
        nemesis.postgres.mode = "pass"
        time.sleep(rng.choice([0.1, LONG_COMMIT_SECONDS]))
    finally:
        nemesis.sql("ALTER SYSTEM RESET synchronous_standby_names")
        nemesis.sql("SELECT pg_reload_conf()")


FAULTS: dict[str, Callable[[Nemesis, random.Random], None]] = {
    fault.__name__: fault
    for fault in (kill, hang, refuse, cut, partition, restart, evict, lock_outbox, starve, commit_unknown)
}
