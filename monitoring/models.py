"""The permissions to look into the cache. Its keys are no rows: the model has no table."""

from __future__ import annotations

from django.db import models


class CacheKey(models.Model):  # noqa: DJ008  (there are no rows to show)
    """A key of the cache in Redis. Its value may hold rows that its reader has no permission for."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = (
            ("view_cache_keys", "Can view the cache's keys and values"),
            ("delete_cache_keys", "Can delete cached values"),
        )
