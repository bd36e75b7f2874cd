"""A small app of the tests' own: the core knows no app of the project, and neither do its tests."""
