"""The servers that all drills share: a PostgreSQL, which most leave alone, and a Redis."""

from __future__ import annotations

import atexit
import tempfile
from pathlib import Path
from typing import cast

from benchmarks.drills.servers import Postgres
from tests.caching.redis_process import RedisProcess

_shared: dict[str, object] = {}


def start(state: Path) -> dict[str, str]:
    """Start both until the process ends, and return their addresses."""
    database = Postgres(state)
    database.start()
    atexit.register(database.stop)
    redis = RedisProcess(Path(tempfile.mkdtemp(prefix="drill-redis-")), appendonly="yes")
    atexit.register(redis.remove)
    _shared["database"] = database
    return {"DATABASE_URL": database.address, "REDIS_URL": redis.url}


def database() -> Postgres:
    return cast(Postgres, _shared["database"])
