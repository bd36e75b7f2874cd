"""The progress of each actor, and the steps that it may take next."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from caching.keys import Target
from caching.read import entries
from caching.read.entries import HashFieldEntry, KeyEntry
from caching.recovery import fences
from tests.caching.model.memory import (
    EMPTY,
    Content,
    Engine,
    Later,
    after_a_while,
    recall,
    remember,
)

FENCES_ARE_VOLATILE = False  # they have no TTL, so a volatile-* policy does not evict them
FENCES_EXPIRE = False  # they stay until their transaction is over
TOKEN_LENGTH = 16
TIME_LENGTH = 16  # digits of microseconds, after the token, in a lease and in a generation
SHAPE = "12345678"
ASKS_WHETHER_IT_IS_OVER = fences.IS_OVER
OVER = ("lift", "drop", "acknowledged", "killed")  # the states of a writer whose transaction has ended


class StaleError(AssertionError):
    """A read is older than it may be. The message has the steps that lead to this state."""


class Reader(NamedTuple):
    """One read.

    Attributes:
        floor: the oldest value that it may return.
        names: the number of names that it has made.
        first: it looks by the script that also acquires a lease, as the edge does; if that is no use, it
            looks once more, as Django does.
    """

    name: str
    member: str
    at: str = "look"
    generation: str | None = None
    lease: str = ""
    loaded: int = -1
    floor: int = -1
    names: int = 0
    detail: str = ""
    first: bool = False


class Writer(NamedTuple):
    """One commit. ``target`` is the index of the target that it fences or lifts next."""

    name: str
    targets: tuple[Target, ...]
    at: str = "fence"
    target: int = 0
    version: int = 0
    lost: bool = False


class Lifter(NamedTuple):
    """The watch thread of a process, which lifts the overdue fences of a target, once.

    Attributes:
        known: the answers that it has received from Redis and the database, in their order.
    """

    name: str
    targets: tuple[Target, ...]
    known: tuple[Any, ...] = ()
    at: str = "overdue"


class State(NamedTuple):
    """One state of the system; ``memory`` represents the content of Redis (memory.py)."""

    memory: int
    actors: tuple[Reader | Writer | Lifter, ...]
    committed: int = 0
    acknowledged: int = 0
    mishaps: int = 0


@dataclass
class Scenario:
    """The actors, their targets, and the mishaps that may happen.

    Attributes:
        key: the target of the key, or of the family.
        group: the target of the key's pattern; none for a family.
        actors: the actors in their first state.
        mishaps: events that may happen once in each history: ``lost answer``, ``late lease`` (a request
            that was sent twice arrives twice), ``eviction``, ``time passes``, ``flush``.
        strong: whether a read must not even be older than what is committed but not acknowledged yet.
    """

    key: Target
    group: Target | None
    actors: list[Reader | Writer | Lifter]
    mishaps: tuple[str, ...] = ()
    strong: bool = True
    ttl_seconds: int = 300


def token(name: str) -> str:
    """Return a token of the length that readers make."""
    return name.ljust(TOKEN_LENGTH, ".")


def fence_token(writer: str) -> str:
    """Return a token in the form of a commit's, with the writer's name as the transaction id."""
    return f"default:{writer}:0"


# --- Steps -------------------------------------------------------------------------------------------


def steps(state: State, scenario: Scenario, engine: Engine) -> Iterator[tuple[str, State]]:
    """Yield the name of each possible step and the state after it."""
    for index, actor in enumerate(state.actors):
        take: Any = STEPS[type(actor)]
        for name, after, changed in take(state, actor, scenario, engine):
            actors = (*state.actors[:index], after, *state.actors[index + 1 :])
            following = changed._replace(actors=actors)
            if following != state:
                yield f"{actor.name}: {name}", following
    if not state.mishaps:
        yield from _mishaps(state, scenario)


def entry_of(reader: Reader, scenario: Scenario) -> KeyEntry | HashFieldEntry:
    """Return the entry of the code under test, in the state that the reader has reached."""
    if scenario.group is None:
        return HashFieldEntry(scenario.key, reader.member, scenario.ttl_seconds, SHAPE, 5)
    entry = KeyEntry(scenario.key, scenario.group, scenario.ttl_seconds, SHAPE)
    entry.generation = reader.generation.encode() if reader.generation else None
    return entry


def _reader_steps(
    state: State, reader: Reader, scenario: Scenario, engine: Engine
) -> Iterator[tuple[str, Reader, State]]:
    if reader.at in {"SELECT", "SELECT only"}:
        loaded = reader._replace(at="fill", loaded=state.committed)
        yield "SELECT", loaded if reader.at == "SELECT" else _returned(loaded, "database"), state
        if reader.at == "SELECT":
            yield "SELECT raises", reader._replace(at="release"), state
    elif reader.at in {"look", "lease", "fill", "release"}:
        if reader.at == "look":
            oldest = state.committed if scenario.strong else state.acknowledged
            reader = reader._replace(floor=oldest)
        after = engine.step(state.memory, lambda: _ask(reader, entry_of(reader, scenario)), reader)
        memory = _renamed(engine.memory, after, reader)
        yield reader.at, after, state._replace(memory=memory)
        if reader.at == after.at == "lease" and after.generation == reader.generation:
            yield "waits no longer", reader._replace(at="SELECT only"), state
        if "lost answer" in scenario.mishaps and not state.mishaps and memory != state.memory:
            lost = reader._replace(names=after.names)
            yield f"{reader.at}, the answer is lost", lost, state._replace(memory=memory, mishaps=1)
    if reader.at in {"SELECT", "fill"} and "late lease" in scenario.mishaps and not state.mishaps:
        again = token(reader.name)
        engine.step(state.memory, lambda: entry_of(reader, scenario).lease(again), "late", reader)
        asked_twice = reader._replace(names=reader.names + 1)
        memory = _renamed(engine.memory, asked_twice, reader)
        yield "its lease is requested again, late", asked_twice, state._replace(memory=memory, mishaps=1)


def _ask(reader: Reader, entry: KeyEntry | HashFieldEntry) -> Reader:
    name = token(reader.name)
    if reader.first and reader.at == "look":
        return _look_or_lease(reader, entry)
    if reader.at == "look":
        result = entry.look()
        if result is not None:
            return _returned(reader._replace(loaded=int(result.value)), "hit")
        return reader._replace(at="lease", generation=_generation(entry))
    if reader.at == "fill":
        entry.fill(reader.lease, str(reader.loaded).encode())
        return _returned(reader, "fill")
    if reader.at == "release":
        entry.release(reader.lease)
        return reader._replace(at="raised")
    try:
        lease = entry.lease(name)
    except Later:  # it has requested the generation but not the lease yet
        began = _counted(_generation(entry) or "", reader.name, reader.names) or None
        return reader._replace(generation=began, names=reader.names + 1)  # type: ignore[arg-type]
    if lease.result is not None:
        return _returned(reader._replace(loaded=int(lease.result.value)), "collapsed")
    if lease.outcome == "granted":
        held = str(_counted(lease.name, reader.name, reader.names))
        return reader._replace(at="SELECT", lease=held, names=reader.names + 1)
    follows = {"granted": "SELECT", "busy": "lease", "fenced": "SELECT only", "full": "SELECT only"}
    return reader._replace(at=follows[lease.outcome])


def _look_or_lease(reader: Reader, entry: KeyEntry | HashFieldEntry) -> Reader:
    """Do what caching.read.lookup.run does with the result of a script."""
    outcome, *details = entries.get_gateway().run(entry.look_or_lease(token(reader.name)))[0]
    result = entry.judge(*details) if outcome == b"hit" else None
    if result is not None:
        return _returned(reader._replace(loaded=int(result.value)), "hit")
    if outcome == b"granted":
        held = str(_counted(details[0].decode(), reader.name, reader.names))
        generation = _generation(entry.leased(*details[1:]))
        return reader._replace(at="SELECT", lease=held, generation=generation, names=reader.names + 1)
    return reader._replace(first=False)


def _generation(entry: KeyEntry | HashFieldEntry) -> str | None:
    generation = getattr(entry, "generation", None)
    return generation.decode() if generation else None


def _renamed(memory: int, after: Reader, before: Reader) -> int:
    return memory if after.names == before.names else _renamed_by(before.name, before.names, memory)


@functools.cache
def _renamed_by(reader: str, names: int, memory: int) -> int:
    return remember(tuple((key, _counted(content, reader, names)) for key, content in recall(memory)))


def _counted(content: Content, reader: str, names: int) -> Content:
    """Return a name for a generation or lease, of a token and, in place of the time, a count."""
    if isinstance(content, str):
        name = token(reader)
        count = str(names).zfill(TIME_LENGTH)
        return re.sub(rf"{re.escape(name)}(?!000)\d+", name + count, content)
    return tuple((member, str(_counted(value, reader, names))) for member, value in content)


def _returned(reader: Reader, detail: str) -> Reader:
    if reader.loaded < reader.floor:
        raise StaleError(f"{reader.name} returns {reader.loaded}, although it began after {reader.floor}")
    return reader._replace(at="returned", detail=detail, generation=None, lease="")


def _writer_steps(
    state: State, writer: Writer, scenario: Scenario, engine: Engine
) -> Iterator[tuple[str, Writer, State]]:
    if writer.at in {"fence", "lift", "drop"}:
        after = engine.step(state.memory, lambda: _invalidate(writer, engine), writer)
        acknowledged = state.acknowledged
        if after.at == "acknowledged" and writer.version:
            acknowledged = max(acknowledged, writer.version)
        yield writer.at, after, state._replace(memory=engine.memory, acknowledged=acknowledged)
        if "lost answer" in scenario.mishaps and not state.mishaps:
            lost = state._replace(memory=engine.memory, mishaps=1)
            yield f"{writer.at}, the answer is lost", writer, lost
    elif writer.at == "COMMIT":
        done, fenced = state.committed + 1, writer.target > 0
        after = writer._replace(at="lift" if fenced else "drop", target=0, version=done)
        after = after._replace(lost=fenced and not _is_fenced(state, writer))
        yield "COMMIT", after, state._replace(committed=done)
        if fenced:
            yield "COMMIT is refused", writer._replace(at="lift", target=0), state
    if writer.at in {"fence", "COMMIT"} and any(isinstance(actor, Lifter) for actor in state.actors):
        yield "is killed: rolled back", writer._replace(at="killed"), state


def _is_fenced(state: State, writer: Writer) -> bool:
    """Return whether all fences of the writer still exist."""
    contents = dict(recall(state.memory))
    fenced = [dict(contents.get(target.fence_key, ())) for target in writer.targets]  # type: ignore[arg-type]
    return all(fence_token(writer.name) in tokens for tokens in fenced)


def _invalidate(writer: Writer, engine: Engine) -> Writer:
    target, name = writer.targets[writer.target], fence_token(writer.name)
    if writer.at == "fence":
        engine.fence([target], name)
    elif writer.at == "lift":
        engine.lift([target], name)
    else:
        engine.drop([target])
    following = writer.target + 1
    if following < len(writer.targets):
        return writer._replace(target=following)
    if writer.at == "fence":
        return writer._replace(at="COMMIT", target=following)
    return writer._replace(at="acknowledged", target=0, version=0, lost=False)


# --- Overdue fences ----------------------------------------------------------------------------------


class _Replay:
    """Repeats the known answers, then gives a new one. The request after that is the next step."""

    def __init__(self, state: State, lifter: Lifter, engine: Engine) -> None:
        self._state, self._engine = state, engine
        self._known = list(lifter.known)
        self.answers: list[Any] = []

    def run(self, call: Any) -> Any:
        return self._answer(lambda: self._engine.run(call))

    def query(self, sql: str, params: list[str]) -> Any:
        asks = sql == ASKS_WHETHER_IT_IS_OVER
        return self._answer(lambda: [(self._is_over(params[0]) if asks else True,)])

    def _is_over(self, name: str) -> bool:
        return any(actor.name == name and actor.at in OVER for actor in self._state.actors)

    def _answer(self, ask: Any) -> Any:
        index = len(self.answers)
        if index > len(self._known):
            raise Later
        self.answers.append(self._known[index] if index < len(self._known) else _frozen(ask()))
        return self.answers[-1]


def _frozen(answer: Any) -> Any:
    return tuple(map(_frozen, answer)) if isinstance(answer, (list, tuple)) else answer


def _lifter_steps(
    state: State, lifter: Lifter, scenario: Scenario, engine: Engine
) -> Iterator[tuple[str, Lifter, State]]:
    if lifter.at == "done":
        return
    replay = _Replay(state, lifter, engine)
    engine.begin(state.memory)
    sessions: Any = {"default": replay}
    try:
        fences.lift_overdue(lifter.targets, sessions, replay.run)
    except Later:
        after = lifter._replace(known=tuple(replay.answers))
    else:
        after = lifter._replace(known=(), at="done")
    yield "looks on", after, state._replace(memory=engine.memory)


STEPS = {Reader: _reader_steps, Writer: _writer_steps, Lifter: _lifter_steps}


# --- Mishaps -------------------------------------------------------------------------------------------


def _mishaps(state: State, scenario: Scenario) -> Iterator[tuple[str, State]]:
    happened = state._replace(mishaps=1)
    if "eviction" in scenario.mishaps:
        contents = recall(state.memory)
        for gone in contents:
            if FENCES_ARE_VOLATILE or not gone[0].startswith("fence:"):
                left = remember(tuple(item for item in contents if item != gone))
                yield f"{gone[0]} is evicted", happened._replace(memory=left)
    if "time passes" in scenario.mishaps and FENCES_EXPIRE:
        contents = recall(after_a_while(state.memory))
        left = remember(tuple(item for item in contents if not item[0].startswith("fence:")))
        yield "leases and fences expire", happened._replace(memory=left)
    elif "time passes" in scenario.mishaps:
        yield "leases expire, fences are overdue", happened._replace(memory=after_a_while(state.memory))
    if "flush" in scenario.mishaps:
        actors = tuple(
            actor._replace(lost=actor.at == "lift") if isinstance(actor, Writer) else actor
            for actor in state.actors
        )
        yield "Redis loses everything", happened._replace(memory=EMPTY, actors=actors)
