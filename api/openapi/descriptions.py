"""What means the same everywhere, described once: fields, parts of an address, responses, credentials."""

from __future__ import annotations

from typing import Any

from api.openapi.problems import operations

# Of fields whose serializer says nothing else (``help_text``).
FIELDS = {
    "id": "The number in its address.",
    "uuid": "The name in its address.",
    "created_at": "When it was created.",
    "updated_at": "When it was last changed.",
    "title": "Its title.",
    "first_name": "The first name; may be empty.",
    "last_name": "The last name; may be empty.",
    "email": "The e-mail address.",
    "date_joined": "When the user registered.",
    "last_login": "When the user last signed in; null: never.",
    "results": "The rows of this page.",
}
RESPONSES = {
    ("get", "200"): "What there is now.",
    ("post", "200"): "Done, or it was so already.",
    ("post", "201"): "Created. `Location` is its address, if it has one.",
    ("post", "202"): "Accepted: the rest is done in the background.",
    ("put", "200"): "What there is after the change.",
    ("patch", "200"): "What there is after the change.",
}
NO_BODY = "Done. The response has no body."
BODIES = {
    "post": "What to do or to add. A field that is not described here is an error.",
    "put": "All fields that can be written; one that is left out gets its default.",
    "patch": "Only the fields to change.",
    "delete": "What confirms the deletion.",
}
SCHEMES = {
    "tokenAuth": "`Token` and a token of `POST /api/v1/auth/token/`: `Authorization: Token …`.",
    "cookieAuth": "The session of a browser that has signed in on the site. "
    "A write needs the header `X-CSRFToken` with the value of the cookie `csrftoken`, too.",
    "botSecret": "The secret by which the Telegram bot is known, always together with `telegramUser`.",
    "telegramUser": "Telegram's number of the user: the bot acts for this user.",
}


def describe_fields(schema: dict[str, Any]) -> None:
    """Describe the properties that have a common meaning and no description."""
    for name, field in schema.get("properties", {}).items():
        if name in FIELDS and "$ref" not in field:
            field.setdefault("description", FIELDS[name])


def describe_path_parameter(path: str, name: str) -> str:
    """Return what a parameter in a path is, by the word before it: ``/courses/{id}/``."""
    words = path.partition("{" + name + "}")[0].rstrip("/").rpartition("/")[2]
    noun = f"{words[:-3]}y" if words.endswith("ies") else words.removesuffix("s")
    return f"The {'uuid' if name == 'uuid' else 'id'} of the {noun}."


def add_descriptions(result: dict[str, Any], **kwargs: object) -> dict[str, Any]:  # noqa: ARG001
    """Describe requests, responses and credentials that nothing else describes (a postprocessing hook)."""
    for _, method, operation in operations(result):
        if "requestBody" in operation:
            operation["requestBody"].setdefault("description", BODIES[method])
        for status, response in operation["responses"].items():
            if response.get("description") in {"", "No response body"}:
                response["description"] = RESPONSES.get((method, status), NO_BODY)
    for name, scheme in result["components"].get("securitySchemes", {}).items():
        scheme["description"] = SCHEMES[name]
    return result
