"""Variables of the environment, as settings read them.

An empty variable is as good as none: the default holds. A value that cannot be meant ends the process with
one line, which names the variable, the value and what is accepted.
"""

from __future__ import annotations

import os

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name) or default


def words(name: str, default: str = "") -> list[str]:
    """Return what is between the commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def flag(name: str, default: str = "0") -> bool:
    value = text(name, default).strip()
    if value.lower() not in TRUE | FALSE:
        raise _refusal(name, value, "1 or 0")
    return value.lower() in TRUE


def choice(name: str, *accepted: str) -> str:
    """Return one of the accepted values; the first is the default."""
    value = text(name, accepted[0]).strip()
    if value not in accepted:
        raise _refusal(name, value, f"one of {', '.join(accepted)}")
    return value


def integer(name: str, default: int, *, least: int = 0) -> int:
    value = text(name, str(default)).strip()
    if not (value.isascii() and value.isdigit() and int(value) >= least):
        raise _refusal(name, value, f"a whole number from {least}")
    return int(value)


def number(name: str, default: float) -> float:
    value = text(name, str(default)).strip()
    try:
        found = float(value)
    except ValueError:
        found = -1
    if not 0 <= found < float("inf"):
        raise _refusal(name, value, "a number from 0, such as 2.5")
    return found


def _refusal(name: str, value: str, accepted: str) -> SystemExit:
    return SystemExit(f"{name} must be {accepted}, not {value!r}.")
