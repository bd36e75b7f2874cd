"""Every interleaving of one or two writers and two readers, with a crash of anyone at any point.

The steps are those of caching/slots.py and caching/invalidation.py on a real Redis; see model.py.
"""

from __future__ import annotations

import pytest

from caching import slots
from caching.keys import Node, epoch_node, key_node
from tests.caching.conftest import one_server
from tests.caching.model import Reader, Scenario, Writer, explore

pytestmark = one_server

KEY = key_node(":1:model:1")
PATTERN = epoch_node(":1:model")
FAMILY = Node(":1:family", "lease:{:1:family}", "fence:{:1:family}")

ALL_MISHAPS = ("lost answer", "eviction")


def readers(*members):
    return [Reader(f"reader{number}", member) for number, member in enumerate(members, 1)]


def writers(*touched):
    return [Writer(f"writer{number}", tuple(nodes)) for number, nodes in enumerate(touched, 1)]


def without_a_fence(*touched):
    """Redis was away: the outbox drops what is committed."""
    return [writer._replace(at="COMMIT") for writer in writers(*touched)]


SCENARIOS = {
    "a key": Scenario(KEY, PATTERN, readers("", "") + writers([KEY], [KEY])),
    "its pattern": Scenario(KEY, PATTERN, readers("", "") + writers([PATTERN], [PATTERN])),
    "a key and its pattern": Scenario(KEY, PATTERN, readers("", "") + writers([KEY], [PATTERN])),
    "both at once": Scenario(KEY, PATTERN, readers("", "") + writers([KEY, PATTERN])),
    "one member": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY], [FAMILY])),
    "two members": Scenario(FAMILY, None, readers("a", "b") + writers([FAMILY], [FAMILY])),
    "a key, mishaps": Scenario(KEY, PATTERN, readers("", "") + writers([KEY]), ALL_MISHAPS),
    "its pattern, mishaps": Scenario(KEY, PATTERN, readers("", "") + writers([PATTERN]), ALL_MISHAPS),
    "a member, mishaps": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY]), ALL_MISHAPS),
}
LATER = ("time passes", "flush")
WEAK = {
    "a key, late": Scenario(KEY, PATTERN, readers("", "") + writers([KEY]), LATER, strong=False),
    "its pattern, late": Scenario(KEY, PATTERN, readers("", "") + writers([PATTERN]), LATER, strong=False),
    "a member, late": Scenario(FAMILY, None, readers("a", "a") + writers([FAMILY]), LATER, strong=False),
    "a key, outbox": Scenario(KEY, PATTERN, readers("", "") + without_a_fence([KEY]), strong=False),
    "its pattern, outbox": Scenario(KEY, PATTERN, readers("", "") + without_a_fence([PATTERN]), strong=False),
    "a member, outbox": Scenario(FAMILY, None, readers("a", "a") + without_a_fence([FAMILY]), strong=False),
}


@pytest.fixture
def visit(cache_redis, monkeypatch):
    monkeypatch.setattr(slots, "LEASE_TTL_MS", 10**9)

    def visit(scenario):
        explore(scenario, cache_redis, monkeypatch)
        return scenario

    return visit


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_read_is_older_than_what_was_committed_when_it_began(visit, name):
    scenario = visit(SCENARIOS[name])
    print(name, scenario.worlds, scenario.finished)
    assert scenario.worlds > 500


@pytest.mark.parametrize("name", WEAK)
def test_no_read_is_older_than_what_was_acknowledged_when_it_began(visit, name):
    """Where a fence is lost, or could never be placed, the write is made good before it is acknowledged."""
    scenario = visit(WEAK[name])
    print(name, scenario.worlds, scenario.finished)
    assert scenario.worlds > 200
