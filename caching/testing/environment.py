"""How the cache recognises tests."""

from __future__ import annotations

from typing import Any

from django.core import mail


def is_tests_own(block: Any) -> bool:
    """Return whether an atomic block is one that a TestCase opens around its tests."""
    return bool(getattr(block, "_from_testcase", False))


def in_test_environment() -> bool:
    """Return whether Django's test runner or pytest-django has prepared the process for tests."""
    return hasattr(mail, "outbox")
