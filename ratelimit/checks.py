"""System checks of the rates in the settings."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error
from rest_framework.settings import api_settings

from ratelimit.rates import parse_rate


def check_rates(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Return an error for each rate in DEFAULT_THROTTLE_RATES that is not valid."""
    found: list[CheckMessage] = []
    for scope, rate in api_settings.DEFAULT_THROTTLE_RATES.items():
        try:
            parse_rate(rate if rate is None else str(rate))
        except ValueError as error:
            found.append(Error(f"The throttle rate of {scope}: {error}", id="api.E001"))
    return found
