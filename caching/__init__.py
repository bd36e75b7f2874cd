"""The core of the cache that is never stale (docs/caching.md). Knows no app of the project."""
