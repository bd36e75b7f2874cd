"""Choices of query parameters, as types with a name: ``TaskStatus`` is one for a field and a filter."""

from __future__ import annotations

from typing import Any


def name_choices(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Have each parameter with choices refer to a component."""
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        if choices := schema.pop("enum", None):
            name = _name_of(choices, schemas) or _new_name(operation, parameter["name"])
            schemas.setdefault(name, _component(choices))
            reference = {"$ref": f"#/components/schemas/{name}"}
            default = schema.get("default")
            parameter["schema"] = {"allOf": [reference], "default": default} if default else reference


def _name_of(choices: list[str], schemas: dict[str, Any]) -> str | None:
    """Return the name of the component that has these choices."""
    return next((name for name, schema in schemas.items() if schema.get("enum") == choices), None)


def _new_name(operation: dict[str, Any], parameter: str) -> str:
    """Return a name from the rows that the operation lists: ``TaskOrder``."""
    listed = operation["responses"]["200"]["content"]["application/json"]["schema"]
    rows: str = listed.get("items", listed)["$ref"].rpartition("/")[2]
    return rows.removesuffix("Page").removesuffix("Summary") + parameter.title().replace("_", "")


def _component(choices: list[str]) -> dict[str, Any]:
    """Return the component. Generators have no name of their own for ``-rating``."""
    names = [f"{choice[1:]}_descending" if choice.startswith("-") else choice for choice in choices]
    return {"type": "string", "enum": choices, "x-enum-varnames": [name.upper() for name in names]}
