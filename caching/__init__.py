"""The core of the cache that is never stale (docs/caching.md). Knows no app of the project.

An app declares what it caches with ``Cached`` and ``CachedFamily``; its receivers ``touch`` what a
change concerns; its views ``get`` a ``Reading``. Its models build on
``caching.models.TrackedModel``.
"""

from caching.reading import Reading
from caching.things import Cached, CachedFamily
from caching.tracking import rows_changed

__all__ = ["Cached", "CachedFamily", "Reading", "rows_changed"]
