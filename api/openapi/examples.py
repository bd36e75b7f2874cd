"""Examples and response headers, as requests to the demo data were answered.

``examples.json`` is what tests/api/test_examples.py records (`make examples`) and compares in every run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api.openapi.problems import operations
from api.problems.exceptions import CONTENT_TYPE

FILE = Path(__file__).with_name("examples.json")
HEADERS = {
    "X-Cache": "Where the body comes from: `HIT` (the cache), `MISS` (computed and stored) or `BYPASS` "
    "(computed and not stored).",
    "Cache-Status": "The same in the words of RFC 9211, with the reason.",
    "ETag": "The version of the body: for `If-None-Match` of a GET and `If-Match` of a write.",
    "RateLimit": "What is left of the limit that is nearest to its end: `r` requests, `t` seconds until "
    "there are more.",
    "RateLimit-Policy": "The limits that count this request: `q` requests in `w` seconds.",
    "Retry-After": "How many seconds to wait before the next attempt.",
    "Location": "The address of what was created, from the root.",
    "Content-Disposition": "The name under which to save the file.",
}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string"},
    "description": "The ETag of the body that you have; 304 without a body if it is still right.",
}
NOT_MODIFIED = "The body that you have is still right."


def add_examples(result: dict[str, Any], **kwargs: object) -> dict[str, Any]:  # noqa: ARG001
    """Add to each operation how it was used on the demo data (a postprocessing hook)."""
    recorded = json.loads(FILE.read_text())
    components = result["components"]
    components["examples"] = {
        f"Problem{status}": {"summary": problem["title"], "value": problem}
        for status, problem in recorded["problems"].items()
    }
    components["headers"] = {
        name: {"description": text, "schema": {"type": "string"}, "example": recorded["headers"][name]}
        for name, text in HEADERS.items()
    }
    for _, method, operation in operations(result):
        used = recorded["operations"].get(operation["operationId"])
        if used:
            _add_responses(operation, used["responses"])
            if method == "get":
                _add_revalidation(operation, recorded["headers"]["ETag"])
            _add_request(operation, used)
        _add_problems(operation)
    return result


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
            described["headers"] = {name: _reference("headers", name) for name in response["headers"]}
        for media in described.get("content", {}).values():
            if "body" in response:
                media["example"] = response["body"]


def _add_revalidation(operation: dict[str, Any], etag: str) -> None:
    headers = operation["responses"].get("200", {}).get("headers", {})
    if "ETag" in headers:
        kept = {name: headers[name] for name in headers if name != "Content-Disposition"}
        operation.setdefault("parameters", []).append({**IF_NONE_MATCH, "example": etag})
        operation["responses"]["304"] = {"description": NOT_MODIFIED, "headers": kept}


def _add_problems(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        if CONTENT_TYPE in response.get("content", {}):
            name = f"Problem{status}"
            response["content"][CONTENT_TYPE]["examples"] = {name: _reference("examples", name)}
            if status == "429":
                names = ("Retry-After", "RateLimit", "RateLimit-Policy")
                response["headers"] = {each: _reference("headers", each) for each in names}


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
