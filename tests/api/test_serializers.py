"""Bodies over HTTP: unknown and read-only fields are refused."""

import pytest
from rest_framework.test import APIClient

from api.fields import IntegerField, PrimaryKeyRelatedField
from api.serializers import ModelSerializer
from courses.models import Course, Review
from tests.api import urls
from tests.support.answers import problem

pytestmark = [urls.pytestmark, pytest.mark.django_db]


def post(address, body):
    return APIClient().post(address, body, format="json")


def test_an_unknown_field_is_a_400_that_names_what_there_is():
    errors = problem(post("/api/strict/", {"n": 1, "m": 2}), 400)["errors"]
    assert errors == {"m": ["There is no such field. Accepted: n, group, groups."]}


def test_a_read_only_field_is_a_400_that_says_so():
    errors = problem(post("/api/strict/", {"made": "x"}), 400)["errors"]
    assert errors == {"made": ["This field is read-only. Accepted: n, group, groups."]}


def test_all_unknown_fields_are_named_at_once():
    assert set(problem(post("/api/strict/", {"a": 1, "b": 2}), 400)["errors"]) == {"a", "b"}


def test_of_very_many_unknown_fields_the_first_are_named():
    response = post("/api/strict/", {f"k{n}": 1 for n in range(100_000)})
    assert len(problem(response, 400)["errors"]) == 20
    assert len(response.content) < 10_000


def test_a_very_long_name_of_an_unknown_field_is_shortened():
    response = post("/api/strict/", {"k" * 1_000_000: 1})
    assert [*problem(response, 400)["errors"]] == ["k" * 100 + "…"]


@pytest.mark.parametrize(("body", "status"), [(None, 204), ({}, 204), ({"a": 1}, 400), ([1], 400)])
def test_an_action_without_fields_refuses_any(body, status):
    response = post("/api/bare/", body)
    assert response.status_code == status
    if body == {"a": 1}:
        assert problem(response, 400)["errors"] == {"a": ["There is no such field. Accepted: none."]}


@pytest.mark.parametrize(
    "body",
    [
        r'{"n": "\ud800"}',
        r'{"\ud800": 1}',
        r'{"deep": [{"a": "\udfff"}]}',
        r'{"n": "\ud83d"}',
        '{"n": 1e400}',
        '{"n": -1e400}',
        '{"n": Infinity}',
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_what_nothing_can_store_is_refused_by_the_parser(settings, body, debug):
    settings.DEBUG = debug
    response = APIClient().post("/api/strict/", body, content_type="application/json")
    assert "not JSON" in problem(response, 400)["detail"]


def test_a_whole_surrogate_pair_is_a_character():
    response = APIClient().post("/api/strict/", r'{"\ud83d\ude00": 1}', content_type="application/json")
    assert list(problem(response, 400)["errors"]) == ["\N{GRINNING FACE}"]


def test_a_model_serializer_uses_the_strict_fields():
    class ReviewSerializer(ModelSerializer):
        class Meta:
            model = Review
            fields = ["rating", "course"]

    fields = ReviewSerializer().fields
    assert type(fields["rating"]) is IntegerField
    assert type(fields["course"]) is PrimaryKeyRelatedField
    assert not Course.objects.exists()
