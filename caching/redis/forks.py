"""What a forked process does with the state that it has inherited."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable


def after_fork(method: Callable[[], None]) -> None:
    """Call the method of an object in each forked process, while the object exists."""
    reference = weakref.WeakMethod(method)

    def run() -> None:
        if (alive := reference()) is not None:
            alive()

    os.register_at_fork(after_in_child=run)
