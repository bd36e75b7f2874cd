"""The timeouts that PostgreSQL keeps for a session. Settings read this module, so it imports no Django.

They travel in the connection's start-up packet, at no cost. A transaction pooler does not accept them there,
because its sessions are shared: behind one they are stored at the database role (``manage.py dbtimeouts``).
"""

from __future__ import annotations

from collections.abc import Mapping


def as_options(seconds: Mapping[str, float]) -> str:
    """Return timeouts as the ``options`` of a connection: ``-c lock_timeout=5000``. Zero is none."""
    return " ".join(f"-c {name}={milliseconds(value)}" for name, value in seconds.items())


def milliseconds(seconds: float) -> int:
    """Return a timeout as PostgreSQL reads a number without a unit."""
    return round(1000 * seconds)
