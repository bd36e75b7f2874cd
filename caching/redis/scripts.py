"""Lua scripts, each one atomic step on keys of one cluster slot."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1
from pathlib import Path
from typing import Any, NamedTuple

Command = tuple[Any, ...]


class Script(NamedTuple):
    """The text of a script, and the SHA-1 by which a server finds it after its first run."""

    text: str
    sha: str

    @classmethod
    def of(cls, text: str) -> Script:
        """Return the script with this text."""
        return cls(text, sha1(text.encode(), usedforsecurity=False).hexdigest())

    @classmethod
    def load(cls, path: Path) -> Script:
        """Return the script in a file."""
        return cls.of(path.read_text(encoding="utf-8"))


class ScriptCall:
    """One run of a script, as a command with its SHA-1 and as a command with its text."""

    __slots__ = ("args", "keys", "script")

    def __init__(self, script: Script, keys: Iterable[str], args: Iterable[Any] = ()) -> None:
        self.script = script
        self.keys = tuple(keys)
        self.args = tuple(args)

    def by_sha(self) -> Command:
        """Return the command for a server that has run the script before."""
        return ("EVALSHA", self.script.sha, len(self.keys), *self.keys, *self.args)

    def by_text(self) -> Command:
        """Return the command for a server that has not."""
        return ("EVAL", self.script.text, len(self.keys), *self.keys, *self.args)


def _load(name: str) -> Script:
    return Script.load(Path(__file__).parent / "lua" / f"{name}.lua")


CHECK_ORIGIN = _load("check_origin")
DISTRUST = _load("distrust")
DROP = _load("drop")
FENCE = _load("fence")
FILL = _load("fill")
FILL_FIELD = _load("fill_field")
GET_GENERATION = _load("get_generation")
LEASE = _load("lease")
LEASE_FIELD = _load("lease_field")
LIFT = _load("lift")
OVERDUE = _load("overdue")
RELEASE = _load("release")
RELEASE_FIELD = _load("release_field")
