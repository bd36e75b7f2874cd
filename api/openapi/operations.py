"""What every operation answers besides what its view declares: problems, examples and response headers.

``examples.json`` is how requests to the demo data were answered: tests/api/test_examples.py records it
(`make examples`) and compares it in every run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.openapi.choices import name_choices
from api.openapi.descriptions import TEXTS, describe_bodies
from api.problems.exceptions import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).with_name("examples.json")


def complete_operations(result: dict[str, Any], **kwargs: object) -> dict[str, Any]:  # noqa: ARG001
    """Complete what drf-spectacular finds (a postprocessing hook)."""
    recorded = json.loads(FILE.read_text())
    components = result["components"]
    components["schemas"] |= TEXTS["schemas"]
    components["examples"] = {
        f"Problem{status}": {"summary": problem["title"], "value": problem}
        for status, problem in recorded["problems"].items()
    }
    components["headers"] = {
        name: {"description": text, "schema": {"type": "string"}, "example": recorded["headers"][name]}
        for name, text in TEXTS["headers"].items()
    }
    for name, text in TEXTS["credentials"].items():
        components["securitySchemes"][name]["description"] = text
    for path, method, operation in operations(result):
        if "201" not in operation["responses"]:  # drf-spectacular names every POST so
            operation["operationId"] = operation["operationId"].removesuffix("_create")
        _add_problems(path, method, operation)
        if used := recorded["operations"].get(operation["operationId"]):
            _add_responses(operation, used["responses"])
            if method == "get":
                _add_revalidation(operation, recorded["headers"]["ETag"])
            _add_request(operation, used)
        name_choices(operation, components["schemas"])
        describe_bodies(method, operation)
    return result


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the operations of a schema, each with its path and its method in lower case."""
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _add_problems(path: str, method: str, operation: dict[str, Any]) -> None:
    for status in _problems_of(path, method, operation):
        name = f"Problem{status}"
        media = {"schema": _reference("schemas", "Problem"), "examples": {name: _reference("examples", name)}}
        answer = {"description": TEXTS["problems"][status], "content": {CONTENT_TYPE: media}}
        operation["responses"].setdefault(status, answer)
    _add_headers(operation["responses"]["429"], ["Retry-After", "RateLimit", "RateLimit-Policy"])


def _problems_of(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    parameters = operation.get("parameters", [])
    if "requestBody" in operation or any(each["in"] == "query" for each in parameters):
        yield "400"
    if {} not in operation.get("security", [{}]):
        yield from ("401", "403")
    if "{" in path:
        yield "404"
    if method != "get":
        yield "409"
    if any(each["name"] == "If-Match" for each in parameters):
        yield "412"
    yield from ("429", "default")


def _add_request(operation: dict[str, Any], used: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["name"] in used["parameters"]:
            parameter["example"] = used["parameters"][parameter["name"]]
    for media in operation.get("requestBody", {}).get("content", {}).values():
        if "request" in used:
            media["example"] = used["request"]


def _add_responses(operation: dict[str, Any], used: dict[str, Any]) -> None:
    for status, response in used.items():
        described = operation["responses"][status]
        if response["headers"]:
            _add_headers(described, response["headers"])
        for media in described.get("content", {}).values():
            if "body" in response:
                media["example"] = response["body"]


def _add_revalidation(operation: dict[str, Any], etag: str) -> None:
    headers = operation["responses"]["200"].get("headers", {})
    if "ETag" in headers:
        kept = {name: headers[name] for name in headers if name != "Content-Disposition"}
        operation.setdefault("parameters", []).append({**TEXTS["if_none_match"], "example": etag})
        operation["responses"]["304"] = {"description": TEXTS["responses"]["get"]["304"], "headers": kept}


def _add_headers(response: dict[str, Any], names: list[str]) -> None:
    response["headers"] = {name: _reference("headers", name) for name in names}


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
