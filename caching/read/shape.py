"""Fingerprints of the shape of values, by which a release does not read what another one has stored."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, get_type_hints

FINGERPRINT_LENGTH = 8


def fingerprint(shape: Any, version: int) -> str:
    """Return eight characters that change when a field is added, removed, renamed or retyped.

    Args:
        shape: a serializer (its class or an instance), a TypedDict or dataclass, plain data, or None.
        version: the declaration's own number.
    """
    text = json.dumps([describe(shape), version], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:FINGERPRINT_LENGTH]


def describe(shape: Any) -> Any:
    """Return ``shape`` as plain data: its fields by name, each with its type and its own shape."""
    if isinstance(shape, type) and hasattr(shape, "get_fields"):
        shape = shape()  # a serializer class
    kind = type(shape).__name__
    if hasattr(shape, "child"):  # a list serializer
        return [kind, describe(shape.child)]
    if hasattr(shape, "get_fields"):
        return {name: describe(field) for name, field in shape.get_fields().items()}
    if hasattr(shape, "to_representation"):
        return [kind, *(str(getattr(shape, name, "")) for name in ("source", "format", "decimal_places"))]
    if isinstance(shape, (list, tuple)):
        return [describe(part) for part in shape]
    if isinstance(shape, dict):
        return {str(name): describe(part) for name, part in shape.items()}
    if isinstance(shape, type) and getattr(shape, "__annotations__", None):
        return {name: str(hint) for name, hint in get_type_hints(shape).items()}
    return getattr(shape, "__qualname__", None) or str(shape)
