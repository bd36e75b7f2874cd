"""A value that is refused: the message says what the field accepts, for each kind of field."""

import pytest
from rest_framework.test import APIClient

from api.fields import MAX_ID
from tests.api import urls
from tests.support.answers import problem

pytestmark = [urls.pytestmark, pytest.mark.django_db]

ID = f"Must be an id: a whole number from 1 to {MAX_ID}"
NUMBER = "Must be a number from 0 to 9999999999.99, with at most 2 decimal places and without an exponent."
MOMENT = "Must be a date and time with its offset from UTC, such as 2030-01-31T09:00:00Z."
TEXT = "Must be a text of 1 to 20 characters, not only spaces, without NUL."
WORD = "Must be a text of 2 to 20 characters, not only spaces, without NUL."
MESSAGES = {
    "choice": ("Must be one of daily, weekly, or null.", ["monthly", "", 5, [], True]),
    "flag": ("Must be true or false.", ["true", 1, None, []]),
    "number": ("Must be a whole number from 1 to 5.", [0, 6, 1.5, "x", "1e0", None, {}, "9" * 2_000]),
    "percent": ("Must be a whole number from 0.", [-1, "x"]),
    "price": (NUMBER, [-1, 1.123, 10**10, "1e1", "x", None, "٥", "", "9" * 2_000]),
    "text": (TEXT, ["", " ", "x" * 21, "a\0b", 5, None, []]),
    "note": ("Must be a text of at most 20 characters, without NUL.", ["x" * 21, None, 5]),
    "word": (WORD, ["x", "", "x" * 21, None]),
    "address": (
        "Must be an e-mail address such as name@example.com, of at most 254 characters.",
        ["a@", "", None, 5, "x" * 250 + "@example.com"],
    ),
    "moment": (MOMENT, ["2030-01-31", "2030-01-31T09:00:00", "2030-02-31T09:00:00Z", 5, None, ""]),
}


def post(**values):
    return APIClient().post("/api/kinds/", values, format="json")


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in MESSAGES for value in MESSAGES[name][1]]
)
def test_a_value_that_is_refused_is_answered_with_what_the_field_accepts(name, value):
    assert problem(post(**{name: value}), 400)["errors"] == {name: [MESSAGES[name][0]]}


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"row": 5}, {"row": ["Must be the id of one that exists; there is none with the id 5."]}),
        ({"row": "x"}, {"row": [f"{ID}."]}),
        ({"row": None}, {"row": [f"{ID}, not null."]}),
        (
            {"ids": [1, 0, "x"]},
            {key: [f"Must be a whole number from 1 to {MAX_ID}."] for key in ("ids.1", "ids.2")},
        ),
        ({"ids": 5}, {"ids": ['Expected a list of items but got type "int".']}),
        ({"moment": "9999-12-31T23:59:59-14:00"}, {"moment": ["Must be in the years 1 to 9999, in UTC."]}),
    ],
)
def test_ids_lists_and_ranges_of_time(values, errors):
    assert problem(post(**values), 400)["errors"] == errors


def test_a_rule_of_the_serializer_or_of_one_field_keeps_its_own_message():
    errors = problem(post(word="taken", code="a", price="x"), 400)["errors"]
    assert errors["code"] == ["must be A to Z"]
    assert problem(post(word="taken"), 400)["errors"] == {"word": ["The word is taken."]}
