"""The little app whose rows everybody caches."""
