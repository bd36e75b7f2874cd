"""The tests' own PostgreSQL and Redis: what they hold need not outlive the machine."""

from __future__ import annotations

import os

import psycopg2
import redis


def relax_servers() -> None:
    """Let neither wait for the disk: PostgreSQL at a commit, Redis at each FLUSHALL.

    A process that is killed loses nothing by that.
    """
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True  # which ALTER SYSTEM needs
    with connection.cursor() as cursor:
        for name in ("fsync", "full_page_writes"):
            cursor.execute(f"ALTER SYSTEM SET {name} TO off")
        cursor.execute("SELECT pg_reload_conf()")
    connection.close()
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.config_set("save", "", "appendonly", "no")
