"""Visit every state that an interleaving can reach, and check the invariants in each."""

from __future__ import annotations

from typing import Any

from caching.testing import using_gateway
from tests.caching.model.memory import EMPTY, Engine, after_a_while, recall
from tests.caching.model.model_state import Reader, Scenario, StaleError, State, Writer, entry_of, steps


def explore(scenario: Scenario, client: Any) -> int:
    """Visit every state and return how many there are.

    Raises:
        StaleError: a read is stale; with the steps that lead to it.
    """
    engine = Engine(client, scenario.key, scenario.group)
    with using_gateway(engine):
        return _visit(scenario, engine)


def _visit(scenario: Scenario, engine: Engine) -> int:
    first = State(EMPTY, tuple(scenario.actors))
    came_from: dict[State, tuple[State, str] | None] = {first: None}
    waiting = [first]
    while waiting:
        state = waiting.pop()
        try:
            _check(state, scenario, engine)
            for name, following in steps(state, scenario, engine):
                if following not in came_from:
                    came_from[following] = (state, name)
                    waiting.append(following)
        except StaleError as error:
            raise StaleError(f"{error}\n" + "\n".join(_history(state, came_from))) from None
    return len(came_from)


def _history(state: State, came_from: dict[State, tuple[State, str] | None]) -> list[str]:
    lines = [f"    {recall(state.memory)}"]
    while (previous := came_from[state]) is not None:
        state, name = previous
        lines.append(f"    {name}")
    return lines[::-1]


# --- The invariants of every state -----------------------------------------------------------------


def _check(state: State, scenario: Scenario, engine: Engine) -> None:
    oldest = state.committed if scenario.strong else state.acknowledged
    writers = [actor for actor in state.actors if isinstance(actor, Writer)]
    for member in {actor.member for actor in state.actors if isinstance(actor, Reader)}:
        hit = _hit(state.memory, member, scenario, engine)
        if hit is not None and hit < oldest:
            raise StaleError(f"a new read hits {hit}, although {oldest} was written before it began")
        # If the fence of a commit was lost, only the lift deletes the old value; without a fence, the drop.
        if any(writer.lost or writer.at == "drop" for writer in writers):
            continue
        left = _hit(after_a_while(state.memory), member, scenario, engine)
        if left is not None and left != state.committed:
            raise StaleError(f"all crashed, time passed: {left} is left, and {state.committed} is true")


def _hit(memory: int, member: str, scenario: Scenario, engine: Engine) -> int | None:
    result = engine.step(memory, lambda: entry_of(Reader("probe", member), scenario).look(), "hit", member)
    return None if result is None else int(result.value)
