"""Ports for servers that tests start."""

from tests.devtools.processes import port

__all__ = ["port"]
