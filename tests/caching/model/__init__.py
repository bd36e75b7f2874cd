"""A model checker whose steps are the real slots and the real Lua scripts on a real Redis.

A ``World`` is one state of everything: what Redis holds, what the database has committed, where each
actor stands. ``explore`` visits every world that some interleaving of the actors' steps leads to.
An actor may stop for ever at any point (a crash), which needs no step of its own: the others go on
while it stands, and every world is also asked what is left when time has passed.

The database is a register: a number, raised by each commit. A value is the number that was read.
"""

from tests.caching.model.explore import explore
from tests.caching.model.model_state import Reader, Scenario, StaleError, Writer

__all__ = ["Reader", "Scenario", "StaleError", "Writer", "explore"]
