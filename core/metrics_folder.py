"""The folder in which processes that belong together keep what they count (PROMETHEUS_MULTIPROC_DIR)."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def ensure_folder() -> None:
    """Make the folder; where the variable is unset, one for this process and those that it forks."""
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="syllabus-metrics-")
        atexit.register(_remove, os.environ[VARIABLE], os.getpid())
    Path(os.environ[VARIABLE]).mkdir(parents=True, exist_ok=True)


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # not in a process that it has forked
        shutil.rmtree(folder, ignore_errors=True)
