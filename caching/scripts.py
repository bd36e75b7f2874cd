"""The Lua scripts of caching/lua, each one atomic step on keys of one cluster slot."""

from __future__ import annotations

from hashlib import sha1
from pathlib import Path
from typing import NamedTuple


class Script(NamedTuple):
    """Text of a script and the SHA-1 under which a server knows it once it has run."""

    text: str
    sha: str

    @classmethod
    def load(cls, path: Path) -> Script:
        text = path.read_text(encoding="utf-8")
        return cls(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


def _load(name: str) -> Script:
    return Script.load(Path(__file__).parent / "lua" / f"{name}.lua")


ADMIT = _load("admit")
DROP = _load("drop")
FENCE = _load("fence")
FILL = _load("fill")
FILL_MEMBER = _load("fill_member")
LEASE = _load("lease")
LEASE_MEMBER = _load("lease_member")
LIFT = _load("lift")
RECOVER = _load("recover")
RELEASE = _load("release")
RELEASE_MEMBER = _load("release_member")
SWEEP = _load("sweep")
