"""The rules by which reads are wrong.

=============  ==========================================================================================
stale          shows a version below the greatest one acknowledged before the read began
uncommitted    shows what was rolled back, or what was not being committed yet when the read ended
backwards      shows a version below one that another read showed which ended before this read began
inconsistent   shows a combination that was never a state of the database: half of a transaction, versions
               that were never current together, or balances with a wrong sum
=============  ==========================================================================================
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import inf

from benchmarks.history.journal import Register, Version
from benchmarks.history.log import Read
from benchmarks.history.shape import ITEM_REGISTERS, observed, stamp, sum_is_right

STALE, UNCOMMITTED, BACKWARDS, INCONSISTENT = "stale", "uncommitted", "backwards", "inconsistent"
VIOLATIONS = (STALE, UNCOMMITTED, BACKWARDS, INCONSISTENT)


class Checker:
    """Checks the reads of one history."""

    def __init__(self, registers: Mapping[str, Register]) -> None:
        self._registers = registers
        self._seen: dict[str, tuple[list[float], list[int]]] = defaultdict(lambda: ([], []))

    def judge(self, reads: Iterable[Read]) -> list[tuple[Read, set[str]]]:
        """Return the reads that violate a rule, each with the rules that it violates."""
        ordered = sorted(reads, key=lambda read: read.ended)
        for read in ordered:
            self._note_seen(read)
        verdicts = ((read, self._violations(read)) for read in ordered)
        return [(read, broken) for read, broken in verdicts if broken]

    def differs_from_database(self, read: Read) -> bool:
        """Return whether a read after the last write shows anything but the last versions."""
        if not sum_is_right(read.kind, read.value):
            return True
        if read.kind == "total":
            latest = (self._registers[name].latest for name in ITEM_REGISTERS)
            return stamp(read.value) != sum(_stamp(version) for version in latest)
        values = observed(read.kind, read.key, read.value)
        return any(self._registers[name].latest.value != value for name, value in values.items())

    def age(self, read: Read) -> int:
        """Return for how long the value of a stale read had been replaced when it began, in nanoseconds."""
        if read.kind == "total":
            return 0
        shown = (versions[-1] for versions in self._possible(read).values() if versions)
        return int(max((read.began - version.replaced for version in shown), default=0))

    def _violations(self, read: Read) -> set[str]:
        broken = set()
        if not sum_is_right(read.kind, read.value):
            broken.add(INCONSISTENT)
        if read.kind == "total":
            return broken | self._violations_of_total(read)
        possible = self._possible(read)
        if not all(possible.values()):
            broken.add(UNCOMMITTED)
        for name, versions in possible.items():
            if versions and versions[-1].number < self._registers[name].acknowledged_before(read.began):
                broken.add(STALE)
            if versions and versions[-1].number < self._seen_before(name, read.began):
                broken.add(BACKWARDS)
        if _is_torn({name: versions[0] for name, versions in possible.items() if len(versions) == 1}):
            broken.add(INCONSISTENT)
        return broken

    def _possible(self, read: Read) -> dict[str, list[Version]]:
        values = observed(read.kind, read.key, read.value)
        return {
            name: self._registers[name].possible(value, read.began, read.ended)
            for name, value in values.items()
        }

    def _violations_of_total(self, read: Read) -> set[str]:
        """Return violations of a total: the possible versions of the items must be able to give its sum."""
        possible = {0}
        for name in ITEM_REGISTERS:
            candidates = self._registers[name].candidates(read.began, read.ended)
            possible = {total + _stamp(version) for total in possible for version in candidates}
        shown = stamp(read.value)
        if shown in possible:
            return set()
        return {STALE} if shown < min(possible) else {INCONSISTENT}

    def _note_seen(self, read: Read) -> None:
        if read.kind == "total":
            return
        for name, versions in self._possible(read).items():
            times, numbers = self._seen[name]
            if versions and (not numbers or versions[0].number > numbers[-1]):
                times.append(read.ended)
                numbers.append(versions[0].number)

    def _seen_before(self, name: str, when: float) -> int:
        times, numbers = self._seen[name]
        index = bisect.bisect_left(times, when)
        return numbers[index - 1] if index else 0


def _stamp(version: Version) -> int:
    return 0 if version.value is None else version.number


def _is_torn(versions: Mapping[str, Version]) -> bool:
    """Return whether the versions were never current together."""
    began = max((version.began for version in versions.values()), default=-inf)
    replaced = min((version.replaced for version in versions.values()), default=inf)
    return began > replaced or any(_shows_half_of_its_transaction(v, versions) for v in versions.values())


def _shows_half_of_its_transaction(version: Version, versions: Mapping[str, Version]) -> bool:
    return any(
        name in versions and versions[name].number < number for name, number in version.siblings.items()
    )
