"""What means the same everywhere, described once: the texts of texts.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

TEXTS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))
NO_BODY = "Done. The response has no body."


def describe_fields(schema: dict[str, Any]) -> None:
    """Describe the properties that have a common meaning and no description."""
    for name, field in schema.get("properties", {}).items():
        if name in TEXTS["fields"] and "$ref" not in field:
            field.setdefault("description", TEXTS["fields"][name])


def describe_path_parameter(path: str, name: str) -> str:
    """Return what a parameter in a path is, by the word before it: ``/courses/{id}/``."""
    words = path.partition("{" + name + "}")[0].rstrip("/").rpartition("/")[2]
    noun = f"{words[:-3]}y" if words.endswith("ies") else words.removesuffix("s")
    return f"The {'uuid' if name == 'uuid' else 'id'} of the {noun}."


def describe_bodies(method: str, operation: dict[str, Any]) -> None:
    """Describe the request and the responses of an operation that nothing else describes."""
    if "requestBody" in operation:
        operation["requestBody"].setdefault("description", TEXTS["bodies"][method])
    for status, response in operation["responses"].items():
        if response.get("description") in {"", "No response body"}:
            response["description"] = TEXTS["responses"].get(method, {}).get(status, NO_BODY)
