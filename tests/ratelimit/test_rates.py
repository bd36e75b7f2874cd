"""Rates as DRF writes them."""

import pytest

from ratelimit.checks import check_rates
from ratelimit.rates import parse_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("60/min", (60, 60)),
        ("10/s", (10, 1)),
        ("5/sec", (5, 1)),
        ("7/m", (7, 60)),
        ("100/hour", (100, 3600)),
        ("1000/day", (1000, 86400)),
        (" 60/MIN ", (60, 60)),
        ("off", None),
        (None, None),
        ("", None),
    ],
)
def test_a_rate_is_requests_and_seconds(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["60", "60/", "/min", "-1/min", "60/fortnight", "1.5/s", "sixty/min"])
def test_what_is_no_rate_is_refused_with_what_is(text):
    with pytest.raises(ValueError, match="60/min"):
        parse_rate(text)


def test_an_invalid_rate_is_a_system_check_error(settings):
    assert check_rates() == []
    rates = {"anon": "60 a minute", "user": "120/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    [error] = check_rates()
    assert error.id == "api.E001"
    assert "anon" in error.msg
