"""State folders and ports for tests that start and kill servers."""

from tests.devtools.processes import port, state

__all__ = ["port", "state"]
