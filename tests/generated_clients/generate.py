"""Generating clients from the schema alone, by the commands of docs/running.md."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from config.environment import ROOT

HERE = Path(__file__).parent
VAR = ROOT / "var"
PYTHON = (
    "openapi-python-client generate --path schema.json --output-path syllabus_client --meta none "
    "--config tests/generated_clients/openapi-python-client.yml"
)
TYPESCRIPT = "npx openapi-typescript schema.json --output schema.ts"
PACKAGES = ("package.json", "package-lock.json")
OUR_ERRORS = ("EUSAGE", "EJSONPARSE", "EINTEGRITY")  # of the two files; all others are of the registry
PROGRAM = ("tsconfig.json", "workflows.ts")


def save_schema(folder: Path) -> Path:
    """Save the schema as the site shows it, and return its path."""
    path = folder / "schema.json"
    path.write_bytes(APIClient().get("/api/schema/", {"format": "json"}).content)
    return path


def python_client(folder: Path) -> None:
    """Generate the package ``syllabus_client`` in a folder. A warning is an error: the schema is mended."""
    save_schema(folder)
    words = PYTHON.replace("tests/", f"{ROOT}/tests/").split()
    _run([sys.executable, "-m", words[0].replace("-", "_"), *words[1:], "--fail-on-warning"], folder)


def typescript_program(folder: Path) -> Path:
    """Generate ``schema.ts`` in a folder, compile the program there with it, and return the program."""
    packages = _node_packages()
    save_schema(folder)
    (folder / "node_modules").symlink_to(packages / "node_modules")
    for name in PROGRAM:
        shutil.copy(HERE / "typescript" / name, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    printed = _run([*TYPESCRIPT.replace("npx", "npx --no-install").split()], folder)
    assert "warning" not in printed.lower(), printed
    _run(["npx", "--no-install", "tsc", "--project", "."], folder)
    return folder / "workflows.js"


def _node_packages() -> Path:
    """Return a folder with the packages of the lock file; install them there once."""
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip(
            "there is no node with npm, which the TypeScript client needs (apt-get install nodejs npm)"
        )
    locked = b"".join((HERE / "typescript" / name).read_bytes() for name in PACKAGES)
    made = VAR / f"node-{sha256(locked).hexdigest()[:8]}"
    VAR.mkdir(exist_ok=True)
    with (VAR / "node.lock").open("w") as lock:  # two runs of the tests may want it at the same time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "complete").exists():
            made.mkdir(exist_ok=True)
            for name in PACKAGES:
                shutil.copy(HERE / "typescript" / name, made)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
            command += ["--fetch-retries=1", "--fetch-timeout=60000"]  # not for minutes without a network
            ran = subprocess.run(command, cwd=made, check=False, capture_output=True, text=True)
            assert not any(code in ran.stderr for code in OUR_ERRORS), ran.stderr
            if ran.returncode:
                reason = " ".join(ran.stderr.split()[:20])
                pytest.skip(f"the packages of the TypeScript client cannot be installed: {reason}")
            (made / "complete").touch()
    return made


def _run(words: list[str], folder: Path) -> str:
    """Run a command in a folder, and return what it prints.

    Raises:
        AssertionError: it fails, with what it prints.
    """
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    ran = subprocess.run(words, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    printed = ran.stdout + ran.stderr
    assert ran.returncode == 0, printed
    return printed
