"""System checks (checks.py)."""

from __future__ import annotations

import pytest

from caching import Cached, registry
from caching.checks import check_engines, check_paths, check_triggers
from caching.conf import ENGINE


@pytest.fixture(autouse=True)
def _forget_declarations():
    with registry.restored():
        yield


def declare(using="default"):
    return Cached("v1:odd:{pk}", ttl=1, load=dict, invalidated_by={}, using=using)


def ids(messages):
    return [message.id for message in messages]


def databases(settings, **others):
    return {**settings.DATABASES, **others}


def test_project_passes():
    assert check_engines() == check_paths() == []


def test_triggers_that_are_there_pass(db):
    assert check_triggers(databases=["default"]) == []
    assert check_triggers(databases=None) == []


def test_thing_of_a_database_with_another_engine_is_an_error(settings):
    own = {**settings.DATABASES["default"], "ENGINE": "django.db.backends.postgresql", "NAME": "elsewhere"}
    settings.DATABASES = databases(settings, other=own)
    declare(using="other")
    assert ids(check_engines()) == ["caching.E001"]


def test_same_database_under_an_alias_with_another_engine_is_an_error(settings):
    own = {**settings.DATABASES["default"], "ENGINE": "django.db.backends.postgresql"}
    settings.DATABASES = databases(settings, other=own)
    assert ids(check_engines()) == ["caching.E002"]


def test_same_database_under_an_alias_with_the_same_engine_passes(settings):
    settings.DATABASES = databases(settings, other=dict(settings.DATABASES["default"]))
    assert settings.DATABASES["other"]["ENGINE"] == ENGINE
    assert check_engines() == []
