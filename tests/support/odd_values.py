"""Values that clients send by mistake or on purpose, and requests of the OpenAPI schema with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from drf_spectacular.generators import SchemaGenerator

from tests.support.addresses import fill

DEEP = "[" * 900 + "]" * 900
LONG = ["e\u0301" * 50, "\u0301" * 5_000, "🦄" * 300, "x" * 300, "x" * 20_001, "x" * 200_000, "9" * 400]
EMPTY = ["", " ", "\t\n", "\0", "a\0b", "\u200b", "\u202e", "\u3164", "\ufeff", "\ufffe", "\U0010ffff"]
MARKUP = ["%00", "%s%n", "{}", "{{7*7}}", "../../etc/passwd", "<script>alert(1)</script>", "\\", '"']
NUMBERS = ["NaN", "Infinity", "1", "-1", "0", "1.5", "1e400", "٥", "1_0", "0x10", " 1"]
TIMES = ["2030-01-01T10:00:00", "2030-01-01T10:00:00Z", "2030-02-30T00:00:00Z", "9999-12-31T23:59:59-14:00"]
WORDS = ["a½x", "ß", "İ", "null", "None", "true", "'; DROP TABLE auth_user; --", "a@example.com", "a@"]
ADDRESSES = ["http://[::1", "11111111-1111-4111-8111-111111111111"]
TEXTS = [*LONG, *EMPTY, *MARKUP, *NUMBERS, *TIMES, *WORDS, *ADDRESSES]
LITERALS = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1",
    "1.5",
    "1e-400",
    "1e400",
    "-0",
    "1e1",
    "NaN",
    "-Infinity",
]
LARGE = ["9223372036854775807", "9223372036854775808", "9" * 400, DEEP]
NESTED = ["[]", "[null]", "[[]]", "[1, 1]", '["x"]', "{}", '{"a": 1}', '{"": ""}', '{"id": 1}', '"\\ud800"']
# As JSON writes them, or as nothing does.
ODD_VALUES = [*map(json.dumps, TEXTS), *LITERALS, *LARGE, *NESTED]


class Request(NamedTuple):
    """A request with one odd value, and what it is in."""

    where: str
    method: str
    address: str
    body: str


def operations() -> dict[str, tuple[str, str, Any]]:
    """Return method, path and schema of each operation, by its id."""
    found = SchemaGenerator().get_schema(public=True)["paths"]
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, item in found.items()
        for method, operation in item.items()
    }


def requests(method: str, path: str, operation: Any, schemas: Any, values: list[str]) -> Iterator[Request]:
    """Yield a request for each of the values in each field, query parameter and part of the address."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    fields = _fields(content.get("schema", {}), schemas)
    valid = {name: _example(field, schemas) for name, field in fields.items()}
    for value in values:
        for name in fields:
            members = {**valid, name: value}
            body = ", ".join(f"{json.dumps(key)}: {text}" for key, text in members.items())
            yield Request(f"the field {name}", method, fill(path), f"{{{body}}}")
        if fields:
            yield Request("the body", method, fill(path), value)
        for parameter in operation.get("parameters", []):
            yield from _in_address(parameter, method, path, value)


def _in_address(parameter: Any, method: str, path: str, value: str) -> Iterator[Request]:
    name, text = parameter["name"], quote(_text(value), safe="")
    if parameter["in"] == "query":
        yield Request(f"the parameter {name}", method, f"{fill(path)}?{name}={text}", "")
    elif parameter["in"] == "path" and text:
        yield Request(f"the part {name}", method, fill(path.replace(f"{{{name}}}", text[:2_000])), "")


def _text(value: str) -> str:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found.encode(errors="replace").decode() if isinstance(found, str) else value


def _fields(schema: Any, schemas: Any) -> dict[str, Any]:
    """Return the fields of a body, by name."""
    if "$ref" in schema:
        return _fields(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    return dict(schema.get("properties", {}))


def _example(schema: Any, schemas: Any) -> str:
    """Return a value that a field may take, as JSON."""
    for part in schema.get("allOf", schema.get("oneOf", [])):
        return _example(part, schemas)
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "enum" in schema:
        return json.dumps(schema["enum"][0])
    texts = {"date-time": "2100-01-01T00:00:00Z", "email": "new@example.com"}
    examples = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return json.dumps(examples.get(schema.get("type"), texts.get(schema.get("format"), "New")))
