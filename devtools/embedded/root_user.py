"""Run PostgreSQL for root: it refuses to run as root itself, so it runs as another user.

That user is the owner of the data, else the system's ``daemon``. Where a folder above the data or the
binaries is closed to that user, such as root's home, PostgreSQL gets the one capability that opens it.
The folder's permissions stay as they are.
"""

import os
import pwd
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

SYSTEM_USER = "daemon"


def run_as_other_user(data: Path, folders: Iterable[Path], binaries: Path) -> list[str]:
    """Return the words before a command that make it run as the owner of the data, and give it the folders.

    For a user other than root there are none.

    Raises:
        SystemExit: the program ``setpriv`` is missing.
    """
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise SystemExit(
            "PostgreSQL does not run as root, and setpriv (util-linux) is not installed. "
            "Install it, run this as an ordinary user, or set DATABASE_URL."
        )
    uid = data.stat().st_uid if data.exists() else 0
    user = pwd.getpwuid(uid) if uid else pwd.getpwnam(SYSTEM_USER)
    for folder in folders:
        os.chown(folder, user.pw_uid, user.pw_gid)
    words = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if all(map(_is_open_to_all, (data, binaries))):
        return words
    # initdb looks for its programs by access(), which ignores capabilities unless this bit is set.
    bits = "--securebits=+no_setuid_fixup"
    return [*words, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", bits]


def _is_open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents[1:])
