"""Whole numbers and ids over HTTP."""

import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from api.fields import MAX_ID
from tests.api import urls
from tests.support.answers import problem

pytestmark = [urls.pytestmark, pytest.mark.django_db]

NOT_WHOLE = ["1.5", "1.0", "1e1", "true", '"1.0"', '"٥"', '"1_0"', '"x"', '""', "[]", "{}", "9" * 30]


def post(name, text):
    return APIClient().post("/api/strict/", f'{{"{name}": {text}}}', content_type="application/json")


@pytest.mark.parametrize("text", NOT_WHOLE)
def test_what_is_no_whole_number_is_refused(text):
    assert list(problem(post("n", text), 400)["errors"]) == ["n"]


@pytest.mark.parametrize(("text", "n"), [("5", 5), ('"5"', 5), ("-3", -3), ("0", 0)])
def test_a_whole_number_is_read(text, n):
    assert post("n", text).json()["n"] == n


@pytest.mark.parametrize("text", [*NOT_WHOLE, "0", "-1", str(MAX_ID + 1), "1e400", "null"])
def test_what_is_no_id_is_refused(text):
    Group.objects.create(pk=1, name="one")
    assert post("group", text).status_code == 400
    if text != "1e400":
        assert list(problem(post("group", text), 400)["errors"]) == ["group"]
        assert problem(post("groups", f"[1, {text}]"), 400)["errors"]


@pytest.mark.parametrize("text", ["1", '"1"'])
def test_an_id_is_read(text):
    Group.objects.create(pk=1, name="one")
    assert post("group", text).json()["group"] == 1
    assert post("groups", f"[{text}]").json()["groups"] == [1]


@pytest.mark.parametrize("pk", [2, MAX_ID])
def test_an_id_without_a_row_is_refused(pk):
    assert str(pk) in problem(post("group", str(pk)), 400)["detail"]
