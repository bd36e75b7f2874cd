"""A small app, cached by the build that is on ``sys.path``."""
