"""The content of cached values: the registers that they show, and the sum of their balances."""

from __future__ import annotations

import functools
import json

from benchmarks.history.ledger.layout import ITEMS, ITEMS_OF_A_GROUP, OPENING_BALANCE, items_of
from benchmarks.history.log import Kind

ITEM_REGISTERS = [f"item:{pk}" for pk in range(1, ITEMS + 1)]


@functools.cache  # most reads are hits, with a text that another read had before
def observed(kind: Kind, key: str, value: str) -> dict[str, str | None]:
    """Return the registers that a detail, a page or an owner shows, with their values."""
    parsed = json.loads(value)
    if kind == "detail":
        tags = ",".join(map(str, parsed["tags"])) or None
        found = {f"item:{key}": parsed["nonce"], f"tags:{key}": tags}
        return found | ({f"owner:{parsed['owner']}": parsed["owner_nonce"]} if "owner" in parsed else {})
    if kind == "owner":
        found = {f"item:{pk}": nonce for pk, nonce in parsed["items"].items()}
        members = ",".join(parsed["items"]) or None
        return {f"owner:{key}": parsed["nonce"], f"members:{key}": members} | found
    registers: dict[str, str | None] = {f"item:{pk}": None for pk in items_of(_group(key))}
    registers.update({f"item:{item['id']}": item["nonce"] for item in parsed["items"]})
    return registers


@functools.cache
def sum_is_right(kind: Kind, value: str) -> bool:
    """Return whether the balances in a page or a total have the right sum."""
    parsed = json.loads(value)
    if kind == "total":
        return bool(parsed["balance"] == ITEMS * OPENING_BALANCE)
    if kind == "page":
        return sum(item["balance"] for item in parsed["items"]) == ITEMS_OF_A_GROUP * OPENING_BALANCE
    return True


@functools.cache
def stamp(value: str) -> int:
    """Return the sum of versions in a total."""
    return int(json.loads(value)["stamp"])


def _group(key: str) -> int:
    return int(key.partition(":")[0])
