"""The API describes itself without a warning, and shows it without asking any other host."""

import json
import re

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

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
            assert content == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }


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


def test_every_query_parameter_is_described(schema):
    for operation in operations(schema):
        for parameter in operation.get("parameters", []):
            assert parameter["in"] == "path" or parameter.get("description"), operation["operationId"]


def test_docstrings_of_the_project_are_not_public(schema):
    components = schema["components"]["schemas"]
    public = {
        name: part["description"]
        for name, part in [*components.items(), *schema["paths"].items()]
        if "description" in part
    }
    assert {name for name, text in public.items() if "DRF" in text} == set()
    assert "description" not in components["CourseDetail"]
