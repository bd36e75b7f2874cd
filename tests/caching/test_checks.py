"""System checks (checks.py)."""

from __future__ import annotations

import pytest

from caching import Cached, registry
from caching.checks import check_engines, check_paths, check_triggers
from caching.conf import ENGINE


@pytest.fixture(autouse=True)
def _remove_declarations():
    with registry.restored():
        yield


def declare(using="default"):
    return Cached("v1:odd:{pk}", ttl=1, load=dict, invalidated_by={}, using=using)


def ids(messages):
    return [message.id for message in messages]


@pytest.fixture
def beside(settings, monkeypatch):
    """Return a function that adds an alias to the settings; nothing connects to it."""

    def add(**different):
        own = {**settings.DATABASES["default"], **different}
        monkeypatch.setitem(settings.DATABASES, "other", own)

    return add


DJANGOS = "django.db.backends.postgresql"


def test_project_passes():
    assert check_engines() == check_paths() == []


def test_triggers_that_are_there_pass(db):
    assert check_triggers(databases=["default"]) == []
    assert check_triggers(databases=None) == []


def test_declaration_of_a_database_with_another_engine_is_an_error(beside):
    beside(ENGINE=DJANGOS, NAME="elsewhere")
    declare(using="other")
    assert ids(check_engines()) == ["caching.E001"]


def test_same_database_under_an_alias_with_another_engine_is_an_error(beside):
    beside(ENGINE=DJANGOS)
    assert ids(check_engines()) == ["caching.E002"]


def test_same_database_under_an_alias_with_the_same_engine_passes(beside):
    beside(ENGINE=ENGINE)
    assert check_engines() == []


def test_other_database_with_another_engine_passes(beside):
    beside(ENGINE=DJANGOS, NAME="elsewhere")
    assert check_engines() == []
