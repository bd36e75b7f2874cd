"""Query parameters are read strictly, and refused with what they accept."""

from decimal import Decimal as Number

import pytest

from api.params import Choice, Decimal, Integer, Text, openapi, parse
from api.problems.exceptions import Problem

PARAMETERS = {
    "limit": Integer(1, 100, default=5),
    "order": Choice(("id", "-id"), default="-id"),
    "min_rating": Decimal(0, 5),
    "search": Text(10),
}


def test_what_is_not_given_has_its_default():
    assert parse({}, PARAMETERS) == {"limit": 5, "order": "-id", "min_rating": None, "search": None}


def test_what_is_given_is_read():
    given = {"limit": "100", "order": "id", "min_rating": "4.5", "search": " Redis "}
    assert parse(given, PARAMETERS) == {
        "limit": 100,
        "order": "id",
        "min_rating": Number("4.5"),
        "search": "Redis",
    }


@pytest.mark.parametrize(
    ("name", "text", "accepts"),
    [
        *(
            ("limit", text, "a whole number from 1 to 100")
            for text in ["0", "101", "-3", "x", "1.0", "1e1", "1_0", "٥"]
        ),
        ("limit", "", "a whole number from 1 to 100"),
        ("limit", " 5", "a whole number from 1 to 100"),
        ("limit", "9" * 5000, "a whole number from 1 to 100"),
        ("order", "password", "one of id, -id"),
        ("order", "", "one of id, -id"),
        *(
            ("min_rating", text, "a number from 0 to 5")
            for text in ["5.01", "-1", "NaN", "Infinity", "1e1", ",5"]
        ),
        ("search", "a\0", "at most 10 characters"),
        ("search", "x" * 11, "at most 10 characters"),
    ],
)
def test_what_is_not_accepted_is_refused_by_name(name, text, accepts):
    with pytest.raises(Problem) as refused:
        parse({name: text}, PARAMETERS)
    assert refused.value.status_code == 400
    [message] = refused.value.errors[name]
    assert accepts in message
    assert len(message) < 200


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(Problem) as refused:
        parse({"limit": "0", "order": "x"}, PARAMETERS)
    assert set(refused.value.errors) == {"limit", "order"}


def test_the_schema_tells_the_same():
    limit = openapi(PARAMETERS)[0]
    assert limit.name == "limit"
    assert limit.type == {"type": "integer", "minimum": 1, "maximum": 100, "default": 5}
