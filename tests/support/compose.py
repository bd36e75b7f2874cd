"""The compose files, as a compose implementation reads them beside a copied .env.example."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from config.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

needs_compose = pytest.mark.skipif(
    shutil.which("docker-compose") is None, reason="needs docker-compose (apt-get install docker-compose)"
)


def compose(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run docker-compose in a folder that holds the files as a clone does, and .env.example as .env."""
    for file in ROOT.glob("docker-compose*.yml"):
        shutil.copy(file, folder)
    shutil.copy(ROOT / ".env.example", folder / ".env")
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    return subprocess.run(
        ["docker-compose", *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def resolved(folder: Path, file: str, **variables: str) -> dict[str, Any]:
    """Return the file with its variables replaced, as it would be run."""
    done = compose(folder, "-f", file, "config", **variables)
    assert (done.returncode, done.stderr) == (0, "")
    return yaml.safe_load(done.stdout)
