"""A model checker whose steps are the real entries and the real Lua scripts on a real Redis.

A ``State`` is one state of everything: what Redis holds, what the database has committed, how far each
actor is. ``explore`` visits every state that some interleaving of the actors' steps leads to. An actor
may stop for ever at any point (a crash), which needs no step of its own: the others continue while it
is stopped, and in every state it is also checked what is left when time has passed.

The database is a register: a number, raised by each commit. A value is the number that was read.
"""

from tests.caching.model.explore import explore
from tests.caching.model.model_state import Lifter, Reader, Scenario, StaleError, Writer

__all__ = ["Lifter", "Reader", "Scenario", "StaleError", "Writer", "explore"]
