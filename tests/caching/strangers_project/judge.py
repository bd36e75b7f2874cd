"""Find wrong reads in a history, by the rules of ``benchmarks/history``.

=============  =======================================================================================
stale          shows a version below the greatest one acknowledged before the read began
uncommitted    shows what was not committed, or what was not being committed yet when the read ended
backwards      shows a version below one that another read showed which ended before this read began
inconsistent   a list that lacks a row or has one twice, or a detail without one name and one tag
=============  =======================================================================================
"""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from itertools import accumulate
from typing import NamedTuple


class Read(NamedTuple):
    kind: str
    began: int
    ended: int
    hit: bool
    texts: list[str]


class Greatest:
    """The greatest version of each register at a given time, from events in any order."""

    def __init__(self, events):
        found = defaultdict(list)
        for register, when, version in events:
            found[register].append((when, version))
        self._times, self._versions = {}, {}
        for register, pairs in found.items():
            pairs.sort()
            self._times[register] = [when for when, _ in pairs]
            self._versions[register] = list(accumulate((version for _, version in pairs), max))

    def before(self, register, when):
        """Return the greatest version before ``when``, 0 if there is none."""
        at = bisect.bisect_left(self._times.get(register, ()), when)
        return self._versions[register][at - 1] if at else 0


def parts(text):
    register, version, nonce = text.split("/")
    return register, int(version), nonce


def judge(reads, journal, committing, acknowledged, everything):
    """Return how many reads violate each rule.

    Args:
        journal: every text that was committed.
        committing: for each nonce the earliest time of its commit; those of the first rows are missing.
        acknowledged: for each nonce the time when its write returned.
        everything: the registers, each of which a list must show once.
    """
    known = [parts(text) for text in journal]
    done = Greatest(
        (register, acknowledged[n], version) for register, version, n in known if n in acknowledged
    )
    seen = Greatest(
        (register, read.ended, version) for read in reads for register, version, _ in map(parts, read.texts)
    )
    broken = Counter(stale=0, uncommitted=0, backwards=0, inconsistent=0)
    for read in reads:
        rules = set()
        shown = [parts(text) for text in read.texts]
        for text, (register, version, nonce) in zip(read.texts, shown, strict=True):
            if text not in journal or committing.get(nonce, 0) > read.ended:
                rules.add("uncommitted")
            if version < done.before(register, read.began):
                rules.add("stale")
            if version < seen.before(register, read.began):
                rules.add("backwards")
        if not _is_whole(read.kind, Counter(register for register, _, _ in shown), everything):
            rules.add("inconsistent")
        broken.update(rules)
    return broken


def _is_whole(kind, registers, everything):
    if kind == "list":
        return registers == Counter(everything)
    if kind == "detail":
        return sum(n for register, n in registers.items() if register[0] == "p") == 1 and (
            sum(n for register, n in registers.items() if register[0] == "t") == 1
        )
    return True
