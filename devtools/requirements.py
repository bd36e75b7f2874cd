"""pip's requirements files: copies of what pyproject.toml names, and whether .venv holds it.

    python -m devtools.requirements write         # make requirements
    python -m devtools.requirements check FILE    # exits 1 unless this Python has all of it (Makefile)

Run by a .venv that may hold nothing yet, so it imports nothing that is installed before it has to.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "dependencies": ("requirements.txt", ""),
    "dev": ("requirements-dev.txt", "-r requirements.txt\n"),
    "bench": ("requirements-bench.txt", "-r requirements-dev.txt\n"),
    "observability": ("requirements-observability.txt", "-r requirements.txt\n"),
    "s3": ("requirements-s3.txt", "-r requirements.txt\n"),
    "psycopg3": ("requirements-psycopg3.txt", ""),
}
HEADER = "# Copied from pyproject.toml by `make requirements`.\n"
DEPENDENCY = re.compile(r'  "(?P<requirement>[^"]+)",(?:  # (?P<why>.+))?')


def contents() -> dict[Path, str]:
    """Return what each requirements file is to hold, with the comments of pyproject.toml."""
    project = (ROOT / "pyproject.toml").read_text()
    return {
        ROOT / file: HEADER + includes + _lines(project, name) for name, (file, includes) in FILES.items()
    }


def _lines(project: str, name: str) -> str:
    """Return the lines of one list: requirements, each with its comment."""
    body = project.partition(f"\n{name} = [\n")[2].partition("\n]\n")[0]
    found = [match.groupdict("") for match in DEPENDENCY.finditer(body)]
    return "".join(f"{one['requirement']:<29}  # {one['why']}".rstrip(" #") + "\n" for one in found)


def missing(file: Path) -> list[str]:
    """Return the requirements of a file, and of those that it includes, that this Python does not have.

    Raises:
        ImportError: it has not even ``packaging``, which the development tools bring.
    """
    from packaging.requirements import Requirement

    found = []
    for line in file.read_text().splitlines():
        words = line.partition("#")[0].strip()
        if words.startswith("-r "):
            found += missing(file.with_name(words.removeprefix("-r ")))
        elif words and not _is_installed(Requirement(words)):
            found.append(words)
    return found


def _is_installed(requirement: Requirement) -> bool:
    if requirement.marker and not requirement.marker.evaluate():
        return True
    try:
        return requirement.specifier.contains(metadata.version(requirement.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False


def _check(file: Path) -> bool:
    try:
        return not missing(file)
    except ImportError:
        return False


def main(command: str, *files: str) -> None:
    if command == "write":
        for file, text in contents().items():
            file.write_text(text)
    elif not all(_check(ROOT / file) for file in files):
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
