"""The API describes itself without a warning, and shows it without asking any other host."""

import json
import re

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

INTERNAL = [
    r"(?i)serializer|viewset|queryset|\bselectors?\b|\bmixin|docstring|\bDRF\b|django",
    r"(?i)\bredis\b|postgres|celery|\blua\b|gunicorn",
    r"Designates whether|characters or fewer",  # of Django's models
    r"``|\b[A-Z]+_[A-Z_]+\b|\b[a-z_]+\.py\b|\bself\.",
]
JSON = {"Accept": "application/vnd.oai.openapi+json"}


@pytest.fixture(scope="module")
def schema():
    return json.loads(APIClient().get("/api/schema/", headers=JSON).content)


def operations(schema):
    return [operation for item in schema["paths"].values() for operation in item.values()]


def test_the_schema_is_valid_and_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_operation_names_its_problems(schema):
    assert operations(schema)
    for operation in operations(schema):
        for status in ("429", "default"):
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"]
            problem = content["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_every_description_of_a_failure_is_a_problem(schema):
    failures = [
        answer
        for operation in operations(schema)
        for status, answer in operation["responses"].items()
        if status.startswith(("4", "5"))
    ]
    assert failures
    assert all(list(answer.get("content", {})) == ["application/problem+json"] for answer in failures)


def test_reading_the_catalogue_needs_no_user_and_writing_does(schema):
    courses = schema["paths"]["/api/v1/courses/"]
    assert {} in courses["get"]["security"]
    assert {} not in courses["post"]["security"]
    assert "401" in courses["post"]["responses"]


def test_operation_names_are_unique(schema):
    names = [operation["operationId"] for operation in operations(schema)]
    assert len(names) == len(set(names))


def test_a_strange_version_or_language_changes_nothing():
    response = APIClient().get("/api/schema/?version=%0d%0aX:1&lang=%00", headers=JSON)
    assert response.status_code == 200
    assert "X" not in response


def test_the_documentation_asks_no_other_host():
    page = APIClient().get("/api/docs/").content.decode()
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page) == []
    assert '"validatorUrl": null' in page


def test_every_operation_has_a_summary_and_a_description_for_the_public(schema):
    described = list(operations(schema))
    assert len(described) > 20
    for operation in described:
        assert operation.get("summary"), operation["operationId"]
        assert operation.get("description"), operation["operationId"]


def test_every_parameter_has_a_description_and_an_example(schema):
    for operation in operations(schema):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (operation["operationId"], parameter["name"])
            assert "example" in parameter, (operation["operationId"], parameter["name"])


def test_every_request_and_response_has_a_description_and_an_example(schema):
    for operation in operations(schema):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for body in [*bodies, *operation["responses"].values()]:
            assert body.get("description"), operation["operationId"]
            for kind, content in body.get("content", {}).items():
                has_example = "example" in content or "examples" in content
                assert has_example or kind == "application/pdf", operation["operationId"]


def test_every_field_and_header_has_a_description(schema):
    components = schema["components"]
    for name, component in components["schemas"].items():
        for field, described in component.get("properties", {}).items():
            assert described.get("description"), (name, field)
    assert all(header["description"] for header in components["headers"].values())


def test_names_are_those_that_a_generated_client_is_glad_of(schema):
    for operation in operations(schema):
        name = operation["operationId"]
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
        assert not name.endswith("_create") or "201" in operation["responses"], name
    for name in schema["components"]["schemas"]:
        assert re.fullmatch(r"([A-Z][a-z]*)+", name)
        assert not name.startswith(("Patched", "Paginated")), name
        assert not name.endswith(("Enum", "Serializer", "WriteRequest")), name


def test_choices_have_a_type_with_a_name_for_fields_and_parameters_alike(schema):
    choices = [one["enum"] for one in schema["components"]["schemas"].values() if "enum" in one]
    assert len(choices) == len({tuple(one) for one in choices})
    for operation in operations(schema):
        assert not [one for one in operation.get("parameters", []) if "enum" in one["schema"]]
    parameters = {one["name"]: one for one in schema["paths"]["/api/v1/tasks/"]["get"]["parameters"]}
    assert parameters["status"]["schema"] == {"$ref": "#/components/schemas/TaskStatus"}
    assert parameters["overdue"]["schema"] == {"type": "boolean"}
    assert parameters["overdue"]["example"] is False
    order = schema["components"]["schemas"]["TaskOrder"]
    assert order["x-enum-varnames"][order["enum"].index("-deadline")] == "DEADLINE_DESCENDING"
    assert parameters["order"]["schema"]["default"] == "-id"


def test_an_answer_has_every_field_of_a_row_and_a_write_needs_a_body(schema):
    task = schema["components"]["schemas"]["Task"]
    assert task["required"] == sorted(task["properties"])
    assert "deadline" not in schema["components"]["schemas"]["TaskRequest"]["required"]
    assert schema["paths"]["/api/v1/subscriptions/"]["post"]["requestBody"]["required"] is True


def test_an_operation_without_credentials_names_no_way_to_send_them(schema):
    assert "security" not in schema["paths"]["/api/v1/auth/token/"]["post"]


def texts(value):
    """Yield what a schema says to a reader, without its examples."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in {"description", "summary"} and isinstance(each, str):
                yield each
            elif name not in {"example", "examples"}:
                yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


@pytest.mark.parametrize("word", INTERNAL)
def test_no_text_has_an_internal_word(schema, word):
    public = {path: item for path, item in schema["paths"].items() if "/cache/" not in path}
    assert [text for text in texts([public, schema["info"]]) if re.search(word, text)] == []
    of_cache = {"CacheState", "CacheKey", "CacheKeyDetail", "CacheKeyPage", "CacheStats"}
    components = {
        name: part for name, part in schema["components"]["schemas"].items() if name not in of_cache
    }
    assert [text for text in texts(components) if re.search(word, text)] == []
