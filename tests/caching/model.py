"""A model checker whose steps are the real slots and the real Lua scripts on a real Redis.

A ``World`` is one state of everything: what Redis holds, what the database has committed, where each
actor stands. ``explore`` visits every world that some interleaving of the actors' steps leads to.
An actor may stop for ever at any point (a crash), which needs no step of its own: the others go on
while it stands, and every world is also asked what is left when time has passed.

The database is a register: a number, raised by each commit. A value is the number that was read.
Redis' own clock is taken out of its state, and passes only where a scenario has it pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from caching import invalidation, slots
from caching.connection import Call
from caching.keys import Node
from caching.slots import EPOCH_BYTES, KeySlot, MemberSlot

FENCES_ARE_VOLATILE = False  # they have no TTL, so a volatile-* policy spares them
NEVER_MS, LONG_AGO_MS = "9000000000000", "1"
TOKEN_LENGTH = 16

# What Redis holds: (key, content), sorted; content is text, or sorted (field, text) pairs.
Content = str | tuple[tuple[str, str], ...]
Memory = tuple[tuple[str, Content], ...]


class StaleError(AssertionError):
    """A world in which a read is older than it may be, and the steps that lead there."""


class Reader(NamedTuple):
    """One read. ``floor`` is the oldest value that it may return."""

    name: str
    member: str
    at: str = "look"
    epoch: str | None = None
    loaded: int = -1
    floor: int = -1
    admits: int = 0
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
    """One state of everything."""

    memory: Memory
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
        mishaps: what may happen besides, once in each history: ``lost answer``, ``eviction``,
            ``time passes``, ``flush``.
        strong: a read must also not be older than what is committed but not yet acknowledged.
        commits_may_fail: whether COMMIT may also be refused.
    """

    key: Node
    pattern: Node | None
    actors: list[Reader | Writer]
    mishaps: tuple[str, ...] = ()
    strong: bool = True
    commits_may_fail: bool = True
    ttl_seconds: int = 300


class _Later(BaseException):
    """The step has had its one exchange with Redis."""


class Engine:
    """Carries scripts out on a memory that it puts into Redis first, and remembers the outcome."""

    def __init__(self, client: Any, scenario: Scenario) -> None:
        self._client = client
        self._scenario = scenario
        self._known: dict[Any, tuple[Any, Memory]] = {}
        self._types = _types(scenario)
        self.memory: Memory = ()
        self.exchanges = 0
        self._left = 0

    # What ``get_store()`` is, for the code under test.
    def read(self, *keys: str) -> Any:
        return self._one(("MGET", *keys))

    def read_members(self, *words: str) -> Any:
        return self._one(("HMGET", *words))

    def lease(self, call: Call) -> Any:
        return self._one(call.by_text())

    def run(self, *calls: Call) -> list[Any]:
        [call] = calls
        return [self._one(call.by_text())]

    def step(self, memory: Memory, work: Callable[[], Any]) -> Any:
        """``work``, until its second exchange: whatever it does in between, others may act."""
        self.memory, self._left = memory, 1
        return work()

    def _one(self, words: tuple[Any, ...]) -> Any:
        if not self._left:
            raise _Later
        self._left -= 1
        asked = (self.memory, words)
        if asked not in self._known:
            self._known[asked] = self._really(words)
        reply, self.memory = self._known[asked]
        return reply

    def _really(self, words: tuple[Any, ...]) -> tuple[Any, Memory]:
        self.exchanges += 1
        pipe = self._client.pipeline(transaction=False)
        pipe.delete(*self._types)
        restored = [self._put(pipe, key, content) for key, content in self.memory]
        pipe.execute_command(*words)
        for key, kind in self._types.items():
            _get(pipe, key, kind)
        replies = pipe.execute()[1 + len(restored) :]
        contents = zip(self._types, replies[1:], strict=True)
        return replies[0], tuple(sorted((key, _timeless(key, value)) for key, value in contents if value))

    def _put(self, pipe: Any, key: str, content: Content) -> None:
        if self._types[key] == "string":
            pipe.set(key, content)
        elif self._types[key] == "hash":
            pipe.hset(key, mapping=dict(content))
        else:
            pipe.zadd(key, {member: float(score) for member, score in content})


def _types(scenario: Scenario) -> dict[str, str]:
    key, pattern = scenario.key, scenario.pattern
    if pattern is None:
        return {key.main: "hash", key.guard: "hash", key.fence: "zset"}
    strings = dict.fromkeys((key.main, key.guard, pattern.main), "string")
    return strings | {key.fence: "zset", pattern.fence: "zset"}


def _get(pipe: Any, key: str, kind: str) -> None:
    if kind == "string":
        pipe.get(key)
    elif kind == "hash":
        pipe.hgetall(key)
    else:
        pipe.zrange(key, 0, -1, withscores=True)


def _timeless(key: str, value: Any) -> Content:
    """The content, with each time in it either long past or never to come."""
    if isinstance(value, bytes):
        text = value.decode()
        return text[: EPOCH_BYTES + 2] + NEVER_MS if text.startswith("S") else text
    if isinstance(value, dict):
        return tuple(sorted((k.decode(), _timeless_field(k.decode(), v.decode())) for k, v in value.items()))
    return tuple(sorted((member.decode(), _when(score)) for member, score in value))


def _timeless_field(name: str, text: str) -> str:
    if name == "#expires":
        return NEVER_MS
    expires, colon, token = text.partition(":")
    return f"{_when(float(expires))}:{token}" if colon else text


def _when(score: float) -> str:
    return LONG_AGO_MS if score == float(LONG_AGO_MS) else NEVER_MS


def token(name: str) -> str:
    """A token of the length that the code under test makes."""
    return name.ljust(TOKEN_LENGTH, ".")


def explore(scenario: Scenario, client: Any, monkeypatch: Any) -> int:
    """Visit every world, and fail where a read is stale; how many there were.

    Raises:
        StaleError: with the steps that lead there.
    """
    engine = Engine(client, scenario)
    monkeypatch.setattr(slots, "get_store", lambda: engine)
    monkeypatch.setattr(invalidation, "get_store", lambda: engine)
    first = World((), tuple(scenario.actors))
    came_from: dict[World, tuple[World, str] | None] = {first: None}
    waiting = [first]
    while waiting:
        world = waiting.pop()
        try:
            _check(world, scenario, engine)
            for name, following in _steps(world, scenario, engine):
                if following not in came_from:
                    came_from[following] = (world, name)
                    waiting.append(following)
        except StaleError as error:
            raise StaleError(f"{error}\n" + "\n".join(_history(world, came_from))) from None
    return len(came_from)


def _history(world: World, came_from: dict[World, tuple[World, str] | None]) -> list[str]:
    lines = [f"    {world.memory}"]
    while (previous := came_from[world]) is not None:
        world, name = previous
        lines.append(f"    {name}")
    return lines[::-1]


# --- What must hold in every world -----------------------------------------------------------------


def _check(world: World, scenario: Scenario, engine: Engine) -> None:
    oldest = world.committed if scenario.strong else world.acknowledged
    for member in {actor.member for actor in world.actors if isinstance(actor, Reader)}:
        hit = _hit(world.memory, member, scenario, engine)
        if hit is not None and hit < oldest:
            raise StaleError(f"a new read hits {hit}, although {oldest} was written before it began")
        if any(isinstance(actor, Writer) and actor.expired for actor in world.actors):
            continue  # its commit outlived its fence: only the lift makes that good
        left = _hit(_after_a_while(world.memory), member, scenario, engine)
        if left is not None and left != world.committed and not _outboxed(world):
            raise StaleError(
                f"all have crashed, time has passed, {left} is left and {world.committed} is true"
            )


def _hit(memory: Memory, member: str, scenario: Scenario, engine: Engine) -> int | None:
    slot = _slot(Reader("probe", member), scenario)
    reading = engine.step(memory, slot.look)
    return None if reading is None else int(reading.value)


def _outboxed(world: World) -> bool:
    return any(isinstance(actor, Writer) and actor.at == "drop" for actor in world.actors)


# --- Steps -------------------------------------------------------------------------------------------


def _steps(world: World, scenario: Scenario, engine: Engine) -> Iterator[tuple[str, World]]:
    for index, actor in enumerate(world.actors):
        take = _reader_steps if isinstance(actor, Reader) else _writer_steps
        for name, after, changed in take(world, actor, scenario, engine):  # type: ignore[operator]
            actors = (*world.actors[:index], after, *world.actors[index + 1 :])
            following = changed._replace(actors=actors)
            if following != world:
                yield f"{actor.name}: {name}", following
    if not world.mishaps:
        yield from _mishaps(world, scenario)


def _slot(reader: Reader, scenario: Scenario) -> KeySlot | MemberSlot:
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
        slot = _slot(reader, scenario)
        if reader.at == "look":
            oldest = world.committed if scenario.strong else world.acknowledged
            reader = reader._replace(floor=oldest)
        after = engine.step(world.memory, lambda: _ask(reader, slot, engine))
        yield reader.at, after, world._replace(memory=_renamed(engine.memory, after, reader))
        if reader.at == "lease" and after.at == "lease" and after.epoch == reader.epoch:
            yield "waits no longer", reader._replace(at="SELECT only"), world
        if "lost answer" in scenario.mishaps and not world.mishaps and engine.memory != world.memory:
            lost = reader._replace(admits=after.admits)
            memory = _renamed(engine.memory, after, reader)
            yield f"{reader.at}, the answer is lost", lost, world._replace(memory=memory, mishaps=1)


def _ask(reader: Reader, slot: KeySlot | MemberSlot, engine: Engine) -> Reader:
    name = token(reader.name)
    if reader.at == "look":
        reading = slot.look()
        if reading is not None:
            return _returned(reader._replace(loaded=int(reading.value)), "hit")
        return reader._replace(at="lease", epoch=_epoch(slot))
    if reader.at == "fill":
        slot.fill(name, str(reader.loaded).encode())
        return _returned(reader, "fill")
    if reader.at == "release":
        slot.release(name)
        return reader._replace(at="raised")
    try:
        lease = slot.lease(name)
    except _Later:  # it has asked for the epoch, and has yet to ask for the lease
        began = _epoch(slot)
        if began and _fresh(began, name):
            began = _nth_epoch(name, reader.admits)
        return reader._replace(epoch=began, admits=reader.admits + 1)
    if lease.reading is not None:
        return _returned(reader._replace(loaded=int(lease.reading.value)), "collapsed")
    follows = {"granted": "SELECT", "busy": "lease", "fenced": "SELECT only", "full": "SELECT only"}
    return reader._replace(at=follows[lease.outcome])


def _epoch(slot: KeySlot | MemberSlot) -> str | None:
    epoch = getattr(slot, "_epoch", None)
    return epoch.decode() if epoch else None


def _nth_epoch(name: str, count: int) -> str:
    """An epoch is named after its token and the time; in the model, after the token and a count."""
    return name + str(count).zfill(EPOCH_BYTES - TOKEN_LENGTH)


def _renamed(memory: Memory, after: Reader, before: Reader) -> Memory:
    if after.admits == before.admits:
        return memory
    name = token(before.name)
    return tuple(
        (key, _nth_epoch(name, before.admits))
        if isinstance(content, str) and key.startswith("epoch:") and _fresh(content, name)
        else (key, content)
        for key, content in memory
    )


def _fresh(content: str, name: str) -> bool:
    return content.startswith(name) and not content[TOKEN_LENGTH:].startswith("000")


def _returned(reader: Reader, how: str) -> Reader:
    if reader.loaded < reader.floor:
        raise StaleError(f"{reader.name} returns {reader.loaded}, although it began after {reader.floor}")
    return reader._replace(at="returned", how=how, epoch=None)


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
        done = world.committed + 1
        expired = any(dict(content).get(token(writer.name)) == LONG_AGO_MS for content in _fences(world))
        expired = expired or (bool(writer.node) and not _still_fenced(world, writer))
        follows = writer._replace(at="lift", node=0, version=done, expired=expired)
        if not writer.node:
            follows = follows._replace(at="drop", expired=False)
        yield "COMMIT", follows, world._replace(committed=done)
        if scenario.commits_may_fail and writer.node:
            yield "COMMIT is refused", writer._replace(at="lift", node=0), world


def _fences(world: World) -> Iterator[Content]:
    return (content for key, content in world.memory if key.startswith("fence:"))


def _still_fenced(world: World, writer: Writer) -> bool:
    memory = dict(world.memory)
    return all(token(writer.name) in dict(memory.get(node.fence, ())) for node in writer.nodes)  # type: ignore[arg-type]


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
        for key, _ in world.memory:
            if FENCES_ARE_VOLATILE or not key.startswith("fence:"):
                left = tuple(item for item in world.memory if item[0] != key)
                yield f"{key} is evicted", happened._replace(memory=left)
    if "time passes" in scenario.mishaps:
        yield "fences and leases expire", happened._replace(memory=_after_a_while(world.memory))
    if "flush" in scenario.mishaps:
        gone = tuple(
            actor._replace(expired=actor.at == "lift") if isinstance(actor, Writer) else actor
            for actor in world.actors
        )
        yield "Redis loses everything", happened._replace(memory=(), actors=gone)


def _after_a_while(memory: Memory) -> Memory:
    """Fences and leases have expired; values have not."""
    return tuple(
        (key, _expired(key, content)) for key, content in memory if not _is_lease_of_a_key(key, content)
    )


def _is_lease_of_a_key(key: str, content: Content) -> bool:
    return key.startswith("guard:") and isinstance(content, str) and content.startswith("L")


def _expired(key: str, content: Content) -> Content:
    if key.startswith("fence:"):
        return tuple((member, LONG_AGO_MS) for member, _ in content)
    if key.startswith("lease:"):
        return tuple((member, f"{LONG_AGO_MS}:{text.partition(':')[2]}") for member, text in content)
    return content
