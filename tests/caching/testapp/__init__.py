"""A small app for the tests of the cache, which use no app of the project."""
