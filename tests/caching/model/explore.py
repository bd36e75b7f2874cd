"""Visits every world that some interleaving leads to, and asks of each what must hold."""

from __future__ import annotations

from typing import Any

from caching import invalidation, slots
from tests.caching.model.memory import EMPTY, Engine, after_a_while, recall
from tests.caching.model.model_state import Reader, Scenario, StaleError, World, Writer, slot_of, steps


def explore(scenario: Scenario, client: Any, monkeypatch: Any) -> int:
    """Visit every world, and fail where a read is stale; how many there were.

    Raises:
        StaleError: with the steps that lead there.
    """
    engine = Engine(client, scenario.key, scenario.pattern)
    monkeypatch.setattr(slots, "get_store", lambda: engine)
    monkeypatch.setattr(invalidation, "get_store", lambda: engine)
    first = World(EMPTY, tuple(scenario.actors))
    came_from: dict[World, tuple[World, str] | None] = {first: None}
    waiting = [first]
    while waiting:
        world = waiting.pop()
        try:
            _check(world, scenario, engine)
            for name, following in steps(world, scenario, engine):
                if following not in came_from:
                    came_from[following] = (world, name)
                    waiting.append(following)
        except StaleError as error:
            raise StaleError(f"{error}\n" + "\n".join(_history(world, came_from))) from None
    return len(came_from)


def _history(world: World, came_from: dict[World, tuple[World, str] | None]) -> list[str]:
    lines = [f"    {recall(world.memory)}"]
    while (previous := came_from[world]) is not None:
        world, name = previous
        lines.append(f"    {name}")
    return lines[::-1]


# --- What must hold in every world -----------------------------------------------------------------


def _check(world: World, scenario: Scenario, engine: Engine) -> None:
    oldest = world.committed if scenario.strong else world.acknowledged
    writers = [actor for actor in world.actors if isinstance(actor, Writer)]
    for member in {actor.member for actor in world.actors if isinstance(actor, Reader)}:
        hit = _hit(world.memory, member, scenario, engine)
        if hit is not None and hit < oldest:
            raise StaleError(f"a new read hits {hit}, although {oldest} was written before it began")
        # A commit that outlived its fence is made good by the lift alone, one without a fence by the drop.
        if any(writer.expired or writer.at == "drop" for writer in writers):
            continue
        left = _hit(after_a_while(world.memory), member, scenario, engine)
        if left is not None and left != world.committed:
            raise StaleError(f"all crashed, time passed: {left} is left, and {world.committed} is true")


def _hit(memory: int, member: str, scenario: Scenario, engine: Engine) -> int | None:
    reading = engine.step(memory, slot_of(Reader("probe", member), scenario).look)
    return None if reading is None else int(reading.value)
