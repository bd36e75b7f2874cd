"""A model checker whose steps are the real entries and the real Lua scripts on a real Redis.

A ``State`` is one state of the system: the content of Redis, what the database has committed, and the
progress of each actor. ``explore`` visits every state that an interleaving of the actors' steps can reach.
An actor may stop for good at any point (a crash). That needs no step of its own: the others continue while
it is stopped, and in every state the checker also examines what is left after time has passed.

The database is a register: a number that each commit increments. A value is the number that was read.
"""

from tests.caching.model.explore import explore
from tests.caching.model.model_state import Lifter, Reader, Scenario, StaleError, Writer

__all__ = ["Lifter", "Reader", "Scenario", "StaleError", "Writer", "explore"]
