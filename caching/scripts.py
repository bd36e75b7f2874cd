"""The Lua scripts of caching/lua, each one atomic step on keys of one cluster slot."""

from __future__ import annotations

from pathlib import Path

from caching.redis.scripts import Script


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
