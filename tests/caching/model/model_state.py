"""Where each actor stands, and the steps that it may take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from caching import invalidation
from caching.keys import Node
from caching.slots import EPOCH_BYTES, KeySlot, MemberSlot
from tests.caching.model.memory import (
    EMPTY,
    LONG_AGO_MS,
    Content,
    Engine,
    Later,
    after_a_while,
    recall,
    remember,
)

FENCES_ARE_VOLATILE = False  # they have no TTL, so a volatile-* policy spares them
TOKEN_LENGTH = 16


class StaleError(AssertionError):
    """A world in which a read is older than it may be, and the steps that lead there."""


class Reader(NamedTuple):
    """One read. ``floor`` is the oldest value that it may return; ``names`` counts what it has named."""

    name: str
    member: str
    at: str = "look"
    epoch: str | None = None
    lease: str = ""
    loaded: int = -1
    floor: int = -1
    names: int = 0
    how: str = ""


class Writer(NamedTuple):
    """One commit. ``node`` counts through the nodes that it fences and lifts."""

    name: str
    nodes: tuple[Node, ...]
    at: str = "fence"
    node: int = 0
    version: int = 0
    expired: bool = False


class World(NamedTuple):
    """One state of everything; ``memory`` stands for what Redis holds (memory.py)."""

    memory: int
    actors: tuple[Reader | Writer, ...]
    committed: int = 0
    acknowledged: int = 0
    mishaps: int = 0


@dataclass
class Scenario:
    """Who acts on what, and what may go wrong.

    Attributes:
        key: the node of the key, or of the family.
        pattern: the node of the key's pattern; none for a family.
        actors: where they begin.
        mishaps: what may happen besides, once in each history: ``lost answer``, ``late lease`` (a
            request that was sent twice arrives twice), ``eviction``, ``time passes``, ``flush``.
        strong: a read must also not be older than what is committed but not yet acknowledged.
    """

    key: Node
    pattern: Node | None
    actors: list[Reader | Writer]
    mishaps: tuple[str, ...] = ()
    strong: bool = True
    ttl_seconds: int = 300


def token(name: str) -> str:
    """A token of the length that the code under test makes."""
    return name.ljust(TOKEN_LENGTH, ".")


# --- Steps -------------------------------------------------------------------------------------------


def steps(world: World, scenario: Scenario, engine: Engine) -> Iterator[tuple[str, World]]:
    """What may happen next: a name for it, and the world that it leads to."""
    for index, actor in enumerate(world.actors):
        take = _reader_steps if isinstance(actor, Reader) else _writer_steps
        for name, after, changed in take(world, actor, scenario, engine):  # type: ignore[operator]
            actors = (*world.actors[:index], after, *world.actors[index + 1 :])
            following = changed._replace(actors=actors)
            if following != world:
                yield f"{actor.name}: {name}", following
    if not world.mishaps:
        yield from _mishaps(world, scenario)


def slot_of(reader: Reader, scenario: Scenario) -> KeySlot | MemberSlot:
    """The slot of the code under test, as it is where the reader stands."""
    if scenario.pattern is None:
        return MemberSlot(scenario.key, reader.member, scenario.ttl_seconds, 5)
    slot = KeySlot(scenario.key, scenario.pattern, scenario.ttl_seconds)
    slot._epoch = reader.epoch.encode() if reader.epoch else None
    return slot


def _reader_steps(
    world: World, reader: Reader, scenario: Scenario, engine: Engine
) -> Iterator[tuple[str, Reader, World]]:
    if reader.at in {"SELECT", "SELECT only"}:
        loaded = reader._replace(at="fill", loaded=world.committed)
        yield "SELECT", loaded if reader.at == "SELECT" else _returned(loaded, "database"), world
        if reader.at == "SELECT":
            yield "SELECT raises", reader._replace(at="release"), world
    elif reader.at in {"look", "lease", "fill", "release"}:
        if reader.at == "look":
            oldest = world.committed if scenario.strong else world.acknowledged
            reader = reader._replace(floor=oldest)
        slot = slot_of(reader, scenario)
        after = engine.step(world.memory, lambda: _ask(reader, slot))
        memory = _renamed(engine.memory, after, reader)
        yield reader.at, after, world._replace(memory=memory)
        if reader.at == after.at == "lease" and after.epoch == reader.epoch:
            yield "waits no longer", reader._replace(at="SELECT only"), world
        if "lost answer" in scenario.mishaps and not world.mishaps and memory != world.memory:
            lost = reader._replace(names=after.names)
            yield f"{reader.at}, the answer is lost", lost, world._replace(memory=memory, mishaps=1)
    if reader.at in {"SELECT", "fill"} and "late lease" in scenario.mishaps and not world.mishaps:
        slot = slot_of(reader, scenario)
        engine.step(world.memory, lambda: slot.lease(token(reader.name)))
        asked_twice = reader._replace(names=reader.names + 1)
        memory = _renamed(engine.memory, asked_twice, reader)
        yield "its lease is asked for again, late", asked_twice, world._replace(memory=memory, mishaps=1)


def _ask(reader: Reader, slot: KeySlot | MemberSlot) -> Reader:
    name = token(reader.name)
    if reader.at == "look":
        reading = slot.look()
        if reading is not None:
            return _returned(reader._replace(loaded=int(reading.value)), "hit")
        return reader._replace(at="lease", epoch=_epoch(slot))
    if reader.at == "fill":
        slot.fill(reader.lease, str(reader.loaded).encode())
        return _returned(reader, "fill")
    if reader.at == "release":
        slot.release(reader.lease)
        return reader._replace(at="raised")
    try:
        lease = slot.lease(name)
    except Later:  # it has asked for the epoch, and has yet to ask for the lease
        began = _counted(_epoch(slot) or "", reader) or None
        return reader._replace(epoch=began, names=reader.names + 1)  # type: ignore[arg-type]
    if lease.reading is not None:
        return _returned(reader._replace(loaded=int(lease.reading.value)), "collapsed")
    if lease.outcome == "granted":
        held = str(_counted(lease.name, reader))
        return reader._replace(at="SELECT", lease=held, names=reader.names + 1)
    follows = {"granted": "SELECT", "busy": "lease", "fenced": "SELECT only", "full": "SELECT only"}
    return reader._replace(at=follows[lease.outcome])


def _epoch(slot: KeySlot | MemberSlot) -> str | None:
    epoch = getattr(slot, "_epoch", None)
    return epoch.decode() if epoch else None


def _renamed(memory: int, after: Reader, before: Reader) -> int:
    if after.names == before.names:
        return memory
    return remember(tuple((key, _counted(content, before)) for key, content in recall(memory)))


def _counted(content: Content, reader: Reader) -> Content:
    """Epochs and leases are named after a token and the time; in the model, after it and a count."""
    if isinstance(content, str):
        name = token(reader.name)
        count = str(reader.names).zfill(EPOCH_BYTES - TOKEN_LENGTH)
        return re.sub(rf"{re.escape(name)}(?!000)\d+", name + count, content)
    return tuple((member, str(_counted(value, reader))) for member, value in content)


def _returned(reader: Reader, how: str) -> Reader:
    if reader.loaded < reader.floor:
        raise StaleError(f"{reader.name} returns {reader.loaded}, although it began after {reader.floor}")
    return reader._replace(at="returned", how=how, epoch=None, lease="")


def _writer_steps(
    world: World, writer: Writer, scenario: Scenario, engine: Engine
) -> Iterator[tuple[str, Writer, World]]:
    if writer.at in {"fence", "lift", "drop"}:
        after = engine.step(world.memory, lambda: _invalidate(writer))
        acknowledged = world.acknowledged
        if after.at == "acknowledged" and writer.version:
            acknowledged = max(acknowledged, writer.version)
        yield writer.at, after, world._replace(memory=engine.memory, acknowledged=acknowledged)
        if "lost answer" in scenario.mishaps and not world.mishaps:
            lost = world._replace(memory=engine.memory, mishaps=1)
            yield f"{writer.at}, the answer is lost", writer, lost
    elif writer.at == "COMMIT":
        done, fenced = world.committed + 1, writer.node > 0
        after = writer._replace(at="lift" if fenced else "drop", node=0, version=done)
        after = after._replace(expired=fenced and not _stands(world, writer))
        yield "COMMIT", after, world._replace(committed=done)
        if fenced:
            yield "COMMIT is refused", writer._replace(at="lift", node=0), world


def _stands(world: World, writer: Writer) -> bool:
    """Whether all its fences do; one may have expired, or been lost."""
    contents = dict(recall(world.memory))
    fences = [dict(contents.get(node.fence, ())) for node in writer.nodes]  # type: ignore[arg-type]
    return all(fence.get(token(writer.name), LONG_AGO_MS) != LONG_AGO_MS for fence in fences)


def _invalidate(writer: Writer) -> Writer:
    node, name = writer.nodes[writer.node], token(writer.name)
    if writer.at == "fence":
        invalidation.fence([node], name)
    elif writer.at == "lift":
        invalidation.lift([node], name)
    else:
        invalidation.drop([node])
    following = writer.node + 1
    if following < len(writer.nodes):
        return writer._replace(node=following)
    if writer.at == "fence":
        return writer._replace(at="COMMIT", node=following)
    return writer._replace(at="acknowledged", node=0, version=0, expired=False)


# --- Mishaps -------------------------------------------------------------------------------------------


def _mishaps(world: World, scenario: Scenario) -> Iterator[tuple[str, World]]:
    happened = world._replace(mishaps=1)
    if "eviction" in scenario.mishaps:
        contents = recall(world.memory)
        for gone in contents:
            if FENCES_ARE_VOLATILE or not gone[0].startswith("fence:"):
                left = remember(tuple(item for item in contents if item != gone))
                yield f"{gone[0]} is evicted", happened._replace(memory=left)
    if "time passes" in scenario.mishaps:
        yield "fences and leases expire", happened._replace(memory=after_a_while(world.memory))
    if "flush" in scenario.mishaps:
        actors = tuple(
            actor._replace(expired=actor.at == "lift") if isinstance(actor, Writer) else actor
            for actor in world.actors
        )
        yield "Redis loses everything", happened._replace(memory=EMPTY, actors=actors)
