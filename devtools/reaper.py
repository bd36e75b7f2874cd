"""``python -m devtools.reaper``: ends the children of a supervisor that was killed.

Its standard input is a pipe from the supervisor: one process group in each line, and ``done`` at an
orderly end. When the pipe closes without that word, the supervisor is dead, and its children are
ended here. So nothing depends on the supervisor's last moments, nor on Linux' PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import os
import sys

from devtools.process_groups import end_groups

DONE = "done"


def main() -> None:
    groups: list[int] = []
    for line in sys.stdin:
        if line.strip() == DONE:
            return
        groups.append(int(line))
    end_groups(groups, _is_alive, hurry=lambda: False)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
