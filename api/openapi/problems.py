"""The problems that each operation may answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.problems.exceptions import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = {"get", "put", "post", "delete", "patch"}
WRITES = METHODS - {"get"}
PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The kind of problem; `about:blank`: the status says all.",
            "example": "about:blank",
        },
        "title": {"type": "string", "description": "The status in words.", "example": "Bad Request"},
        "status": {"type": "integer", "description": "The status of the response.", "example": 400},
        "detail": {
            "type": "string",
            "description": "What is wrong with this request, in a sentence for a person.",
            "example": "limit must be a whole number from 1 to 100; this is not: 'x'.",
        },
        "errors": {
            "type": "object",
            "description": "What is wrong by field or parameter; a field inside another is `outer.0.inner`.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "violated-policies": {
            "type": "array",
            "description": "With 429: the limits that were reached, by their names in `RateLimit-Policy`.",
            "items": {"type": "string"},
        },
        "lessons": {
            "type": "array",
            "description": "With 409 of a course's completion: lessons that are not completed, in order.",
            "items": {"$ref": "#/components/schemas/MissingLesson"},
        },
    },
}
MISSING_LESSON = {
    "type": "object",
    "description": "A lesson that a learner has not completed.",
    "required": ["id", "title"],
    "properties": {
        "id": {"type": "integer", "description": "The lesson's id.", "example": 12},
        "title": {"type": "string", "description": "The lesson's title.", "example": "Lesson 1.2"},
    },
}
MEANINGS = {
    "400": "The input is not valid: `errors` says why.",
    "401": "The request is not authenticated.",
    "403": "The user lacks the permission.",
    "404": "There is no such row, or the user may not see it.",
    "409": "The present state of the data does not allow it.",
    "412": "The row has changed since the client read it: its ETag is not the one of `If-Match`.",
    "429": "Too many requests: `Retry-After` is the number of seconds to wait.",
    "default": "Another problem.",
}


def add_problems(result: dict[str, Any], **kwargs: object) -> dict[str, Any]:  # noqa: ARG001
    """Add to each operation the problems that it may answer (a postprocessing hook)."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {}).update({"Problem": PROBLEM, "MissingLesson": MISSING_LESSON})
    for path, method, operation in operations(result):
        for status in _problems_of(path, method, operation):
            schema = {"$ref": "#/components/schemas/Problem"}
            answer = {"description": MEANINGS[status], "content": {CONTENT_TYPE: {"schema": schema}}}
            operation["responses"].setdefault(status, answer)
    return result


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the operations of a schema, each with its path and its method in lower case."""
    for path, item in schema.get("paths", {}).items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def _problems_of(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    parameters = operation.get("parameters", [])
    if "requestBody" in operation or any(each["in"] == "query" for each in parameters):
        yield "400"
    if {} not in operation.get("security", [{}]):
        yield from ("401", "403")
    if "{" in path:
        yield "404"
    if method in WRITES:
        yield "409"
    if any(each["name"] == "If-Match" for each in parameters):
        yield "412"
    yield from ("429", "default")
