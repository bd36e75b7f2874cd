"""django-cachalot: caches every query of the ORM; a write invalidates the queries that read its table."""

from __future__ import annotations

import os
from typing import Any

from benchmarks.history.contestants.base import LEDGER, Contestant


class Cachalot(Contestant):
    """The defaults: statements of the ORM and raw SQL invalidate their tables."""

    apps = ("cachalot", LEDGER)
    options: dict[str, Any] = {}

    @property
    def settings(self) -> dict[str, Any]:
        cache = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": os.environ["REDIS_URL"]}
        # It stores tuples and model fields, which need django-redis' own serializer.
        return {"CACHES": {"default": cache}, **self.options}


class CachalotAtItsBest(Cachalot):
    """The best settings: it also examines the final SQL, and caches only the ledger."""

    options = {
        "CACHALOT_FINAL_SQL_CHECK": True,
        "CACHALOT_ONLY_CACHABLE_TABLES": ("ledger_item", "ledger_owner", "ledger_tag", "ledger_item_tags"),
    }
