"""Query parameters over HTTP: their defaults, and what is refused."""

import pytest
from rest_framework.test import APIClient

from tests.api import urls
from tests.support.answers import problem

pytestmark = [urls.pytestmark]

MANY = "/api/many/"
DEFAULTS = {
    "limit": 5,
    "order": "-id",
    "min_rating": None,
    "search": None,
    "since": None,
    "owner": None,
    "overdue": None,
    "word": None,
}


def get(**params):
    return APIClient().get(MANY, params)


def test_what_is_not_given_has_its_default():
    assert get().json() == DEFAULTS


def test_what_is_given_is_read():
    given = {"limit": "100", "order": "id", "min_rating": "4.5", "search": " Redis ", "owner": "7"}
    assert get(**given, overdue="true").json() == {
        **DEFAULTS,
        "limit": 100,
        "order": "id",
        "min_rating": "4.50",
        "search": "Redis",
        "owner": 7,
        "overdue": True,
    }


@pytest.mark.parametrize("offset", ["Z", "%2B02:00", "+02:00", "-01:00"])
def test_a_time_has_an_offset_whose_plus_sign_may_be_unencoded(offset):
    response = APIClient().get(f"{MANY}?since=2030-01-31T09:00:00{offset}")
    assert response.json()["since"].startswith("2030-01-31T")


@pytest.mark.parametrize(
    ("name", "text", "accepted"),
    [
        *(
            ("limit", text, "a whole number from 1 to 100")
            for text in ["0", "101", "-3", "x", "1.0", "1e1", "1_0", "٥", "", "9" * 5000, "true"]
        ),
        ("order", "password", "one of id, -id"),
        ("order", "", "one of id, -id"),
        *(
            (
                "min_rating",
                text,
                "a number from 0 to 5, with at most 2 decimal places and without an exponent",
            )
            for text in ["5.01", "1.123", "1e0", "-1", "NaN", "Infinity", "1e400", ",5", ""]
        ),
        ("search", "a\0", "at most 10 characters, without NUL"),
        ("search", "x" * 11, "at most 10 characters"),
        *(
            ("since", text, "a date and time with its offset from UTC, such as")
            for text in ["2030-01-31", "2030-01-31T09:00:00", "2030-02-31T09:00:00Z", "now", ""]
        ),
        *(("owner", text, "a whole number from 1 to") for text in ["0", "1.5", str(2**63), "x"]),
        ("since", "9999-12-31T23:59:59-14:00", "in the years 1 to 9999, in UTC"),
        ("overdue", "perhaps", "true or false"),
        *(
            ("word", text, "a text of 2 to 20 characters, not only spaces,")
            for text in ["x", "", " ", "x" * 21]
        ),
    ],
)
def test_what_is_not_accepted_is_a_400_that_names_it(name, text, accepted):
    body = problem(get(**{name: text}), 400)
    [message] = body["errors"][name]
    assert list(body["errors"]) == [name]
    assert accepted in message
    assert len(message) < 200


def test_an_unknown_parameter_is_a_400_that_names_what_there_is():
    body = problem(get(lmit="5"), 400)
    accepted = ", ".join(DEFAULTS)
    assert body["errors"] == {"lmit": [f"is not a parameter here. Accepted: {accepted}."]}


def test_a_view_without_parameters_takes_none():
    assert "Accepted: none." in problem(APIClient().get("/api/open/?a=1"), 400)["detail"]


def test_a_write_takes_no_parameter_either():
    response = APIClient().put("/api/open/?limit=5", {}, format="json")
    assert list(problem(response, 400)["errors"]) == ["limit"]


def test_a_parameter_given_twice_is_a_400():
    response = APIClient().get(f"{MANY}?limit=5&limit=6")
    assert problem(response, 400)["errors"] == {"limit": ["is given more than once."]}


def test_all_that_is_wrong_is_reported_at_once():
    assert set(problem(get(limit="0", order="x", other="1"), 400)["errors"]) == {"limit", "order", "other"}


def test_format_is_left_to_the_framework():
    assert APIClient().get(f"{MANY}?format=json").status_code == 200


@pytest.mark.parametrize("query", ["search=%ED%A0%80", "search=%00", "%ED%A0%80=1", "%FF", "limit=%FF"])
@pytest.mark.parametrize("debug", [False, True])
def test_bytes_that_are_no_text_are_never_a_500(settings, query, debug):
    settings.DEBUG = debug
    assert APIClient().get(f"{MANY}?{query}").status_code in {200, 400}


def test_head_takes_the_parameters_of_get():
    assert APIClient().head(f"{MANY}?limit=7").status_code == 200


@pytest.mark.parametrize("verb", ["TRACE", "PROPFIND", "LINK"])
def test_a_method_that_is_not_possible_is_a_405_whatever_the_parameters(verb):
    assert APIClient().generic(verb, f"{MANY}?nonsense=1").status_code == 405
