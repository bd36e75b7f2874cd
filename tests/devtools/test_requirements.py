"""Each dependency is declared in one place, and the installed packages are compared with it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from devtools import requirements

PROJECT = tomllib.loads((requirements.ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("file", requirements.contents(), ids=lambda file: file.name)
def test_requirements_file_is_the_copy_that_make_requirements_writes(file):
    assert file.read_text() == requirements.contents()[file], "run `make requirements`"


def test_contents_leave_out_no_dependency_of_pyproject():
    named = PROJECT["project"]["dependencies"] + [
        one for group in PROJECT["dependency-groups"].values() for one in group if isinstance(one, str)
    ]
    copied = "".join(requirements.contents().values()).splitlines()
    lines = [line.partition("  #")[0].strip() for line in copied if not line.startswith(("#", "-r"))]
    assert sorted(lines) == sorted(named)


def test_every_dependency_is_pinned_and_named_once():
    lines = "".join(requirements.contents().values()).splitlines()
    found = [Requirement(line.partition("  #")[0]) for line in lines if not line.startswith(("#", "-r"))]
    names = [one.name for one in found]
    assert len(names) == len(set(names))
    assert all(str(one.specifier).startswith("==") for one in found)


@pytest.mark.parametrize(
    ("line", "is_missing"),
    [
        (f"pytest=={metadata.version('pytest')}", False),
        ("pytest==0.1", True),
        ("no-such-package==1", True),
        ("no-such-package==1 ; python_version < '3'", False),
        ("# no-such-package==1", False),
    ],
)
def test_missing_compares_with_what_is_installed(tmp_path, line, is_missing):
    (tmp_path / "all.txt").write_text("# first\n-r some.txt\n")
    (tmp_path / "some.txt").write_text(f"{line}  # why\n")
    assert bool(requirements.missing(tmp_path / "all.txt")) is is_missing


@pytest.mark.parametrize(("options", "code"), [([], 0), (["-S"], 1)], ids=["installed", "empty"])
def test_check_exits_by_what_this_python_has(options, code):
    """``-S`` leaves Python without its packages, as in a .venv just made."""
    words = [sys.executable, *options, "-m", "devtools.requirements", "check", "requirements-dev.txt"]
    done = subprocess.run(words, cwd=requirements.ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
