"""State folders of their own for tests that start and kill servers."""

import shutil
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.devtools.processes import working_on


@pytest.fixture
def state():
    """A state folder that the server's user can reach, and in which nothing survives the test."""
    folder = Path(tempfile.mkdtemp(prefix="syllabus-test-")).resolve()
    folder.chmod(0o755)
    yield folder / "state"
    survivors = working_on(folder)
    for process in survivors:
        process.kill()
    psutil.wait_procs(survivors)
    shutil.rmtree(folder)
