"""What the nemesis does. Each fault strikes once, and is over when the function returns."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.history.nemesis import Nemesis

LONGEST_SPELL_SECONDS = 1.5
SQUEEZED_BYTES = 2 * 2**20
JUNK_BYTES = 50_000
REDIS_GOES_TOO = 0.5
LONG_COMMIT_SECONDS = 11


def _spell(rng: random.Random) -> None:
    time.sleep(rng.uniform(0.05, LONGEST_SPELL_SECONDS))


def kill(nemesis: Nemesis, rng: random.Random) -> None:
    """SIGKILL a writer, wherever it is; another takes its place."""
    nemesis.kill_a_writer(rng)


def hang(nemesis: Nemesis, rng: random.Random) -> None:
    """Redis accepts and does not answer; what it was sent meanwhile arrives late."""
    with nemesis.redis_is("hang"):
        _spell(rng)


def refuse(nemesis: Nemesis, rng: random.Random) -> None:
    """Redis refuses connections."""
    with nemesis.redis_is("refuse"):
        _spell(rng)


def cut(nemesis: Nemesis, rng: random.Random) -> None:
    """Every connection is reset a few times."""
    for _ in range(5):
        with nemesis.redis_is("cut"):
            pass
        time.sleep(rng.uniform(0, 0.05))


def partition(nemesis: Nemesis, rng: random.Random) -> None:
    """Some processes lose Redis, and the others do not."""
    with nemesis.redis_is(rng.choice(["hang", "refuse"]), only=rng.randrange(len(nemesis.proxies))):
        _spell(rng)


def restart(nemesis: Nemesis, rng: random.Random) -> None:
    """Redis is killed and comes back as it was at a snapshot, which is some time ago."""
    with nemesis.redis.client() as client:
        client.save()
    _spell(rng)
    nemesis.redis.kill()
    time.sleep(rng.choice([0, 0, 0.3]))
    nemesis.redis.start()


def evict(nemesis: Nemesis, rng: random.Random) -> None:
    """Somebody else fills Redis, and volatile-lru evicts what has a TTL."""
    with nemesis.redis.client() as client:
        client.config_set("maxmemory", client.info("memory")["used_memory"] + SQUEEZED_BYTES)
        for n in range(200):
            client.set(f"junk:{n % 60}", b"x" * JUNK_BYTES, ex=60)
            time.sleep(rng.uniform(0, 0.01))
        client.config_set("maxmemory", 0)


def lock_outbox(nemesis: Nemesis, rng: random.Random) -> None:
    """Somebody locks the table of the outbox; after a while Redis goes away, too."""
    with nemesis.session() as cursor:
        cursor.execute("BEGIN; LOCK TABLE caching_outbox IN ACCESS EXCLUSIVE MODE")
        _spell(rng)
        if rng.random() < REDIS_GOES_TOO:
            with nemesis.redis_is(rng.choice(["hang", "refuse"])):
                _spell(rng)
        cursor.execute("COMMIT")


def starve(nemesis: Nemesis, rng: random.Random) -> None:
    """The role may open no more connections, and those of the watch threads are ended."""
    nemesis.sql("ALTER ROLE bench_app CONNECTION LIMIT 0")
    nemesis.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cache watch'"
    )
    _spell(rng)
    if rng.random() < REDIS_GOES_TOO:
        with nemesis.redis_is(rng.choice(["hang", "refuse"])):
            _spell(rng)
    nemesis.sql("ALTER ROLE bench_app CONNECTION LIMIT -1")


def commit_unknown(nemesis: Nemesis, rng: random.Random) -> None:
    """Writers lose their connections while COMMIT waits for a standby, for longer than fences are overdue."""
    nemesis.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
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
