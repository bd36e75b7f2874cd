"""The versions that were committed, and the two instants between which each commit happened.

A version of a register is current from some instant of its commit to some instant of the next commit. These
instants cannot be observed, but each is between the moment when the writer sent the COMMIT and the moment
when it returned. The checker uses only that: if two orders are possible, it takes the one in which the read
is right.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import accumulate
from math import inf
from typing import NamedTuple

from benchmarks.history.log import Attempt


class Entry(NamedTuple):
    """A row of the table ``journal``."""

    attempt: str
    register: str
    version: int
    value: str | None


class Version(NamedTuple):
    """The value of a register after a transaction.

    Attributes:
        number: its position among the register's versions, in the order of commits.
        began: the commit did not happen before this moment.
        acknowledged: the commit happened before this moment; infinite if COMMIT never returned.
        replaced: a later version was committed before this moment.
        siblings: the registers and numbers of the other versions that the transaction wrote.
    """

    number: int
    value: str | None
    began: float
    acknowledged: float
    replaced: float
    siblings: Mapping[str, int]


class _Row:
    """Versions in the order of their numbers, with a binary search."""

    def __init__(self, versions: list[Version]) -> None:
        self._versions = versions
        self._numbers = [version.number for version in versions]
        began = [version.began for version in reversed(versions)]
        self._none_began_before = list(accumulate(began, min))[::-1]  # neither this one nor a later one

    def between(self, floor: int, ended: float) -> list[Version]:
        """Return the versions from number ``floor`` that may have been committed at ``ended``."""
        found = []
        for index in range(bisect.bisect_left(self._numbers, floor), len(self._versions)):
            if self._none_began_before[index] > ended:
                break
            if self._versions[index].began <= ended:
                found.append(self._versions[index])
        return found

    def last_below(self, floor: int, ended: float) -> list[Version]:
        """Return the latest version below ``floor`` that may have been committed at ``ended``, if any."""
        below = self._versions[: bisect.bisect_left(self._numbers, floor)]
        return next(([version] for version in reversed(below) if version.began <= ended), [])


class Register:
    """The versions of one register."""

    def __init__(self, versions: list[Version]) -> None:
        self.latest = versions[-1]
        self._all = _Row(versions)
        by_value = defaultdict(list)
        for version in versions:
            by_value[version.value].append(version)
        self._by_value = {value: _Row(same) for value, same in by_value.items()}
        acknowledged = sorted((v.acknowledged, v.number) for v in versions if v.acknowledged < inf)
        self._times = [when for when, _ in acknowledged]
        self._greatest = list(accumulate((number for _, number in acknowledged), max))

    def acknowledged_before(self, when: float) -> int:
        """Return the greatest number that was acknowledged before ``when``, 0 if none was."""
        index = bisect.bisect_left(self._times, when)
        return self._greatest[index - 1] if index else 0

    def possible(self, value: str | None, began: float, ended: float) -> list[Version]:
        """Return the versions that a read with the result ``value`` may have seen.

        A nonce identifies one version. A missing row or tag may be several versions: return those with
        which the read is right, otherwise the latest of the others; none if it was not committed.
        """
        row = self._by_value.get(value)
        if row is None:
            return []
        floor = self.acknowledged_before(began)
        return row.between(floor, ended) or row.last_below(floor, ended)

    def candidates(self, began: float, ended: float) -> list[Version]:
        """Return the versions that may have been current at some instant of a read."""
        return self._all.between(self.acknowledged_before(began), ended)


def build(entries: Iterable[Entry], attempts: Mapping[str, Attempt]) -> dict[str, Register]:
    """Return the registers by their names.

    Raises:
        ValueError: the log and the journal contradict each other, so neither can be used.
    """
    final: dict[tuple[str, str], Entry] = {}  # only the last of several in one transaction is ever visible
    for entry in entries:
        key = (entry.attempt, entry.register)
        if key not in final or final[key].version < entry.version:
            final[key] = entry
    siblings: dict[str, dict[str, int]] = defaultdict(dict)
    by_register: dict[str, list[Entry]] = defaultdict(list)
    for entry in final.values():
        _check(attempts.get(entry.attempt), entry)
        siblings[entry.attempt][entry.register] = entry.version
        by_register[entry.register].append(entry)
    return {
        name: Register(_versions(sorted(rows, key=lambda row: row.version), attempts, siblings))
        for name, rows in by_register.items()
    }


def _check(attempt: Attempt | None, entry: Entry) -> None:
    if attempt is None:
        raise ValueError(f"{entry.attempt} is in the journal and in no log")
    if attempt.outcome == "rolled back":
        raise ValueError(f"{entry.attempt} was rolled back and is in the journal")


def _versions(
    rows: list[Entry], attempts: Mapping[str, Attempt], siblings: Mapping[str, dict[str, int]]
) -> list[Version]:
    versions: list[Version] = []
    replaced = inf
    for row in reversed(rows):
        attempt = attempts[row.attempt]
        acknowledged = inf
        if attempt.outcome == "acknowledged" and attempt.ended is not None:
            acknowledged = attempt.ended
        others = {name: number for name, number in siblings[row.attempt].items() if name != row.register}
        versions.append(Version(row.version, row.value, attempt.committing, acknowledged, replaced, others))
        replaced = min(replaced, acknowledged)
    return versions[::-1]
