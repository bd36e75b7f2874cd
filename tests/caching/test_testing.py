"""The helpers for tests (testing/)."""

from __future__ import annotations

import contextlib

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from caching import ALL, Cached
from caching.registry import declarations
from caching.testing import assert_independent_of_caller, own_declarations, replaced
from tests.caching.testapp.models import Book


def test_no_value_of_the_testapp_depends_on_the_caller(rows):
    params = {
        "v1:books:detail:{pk}": {"pk": rows.pk},
        "v1:books:list": {"shelf": rows.upper.pk},
        "v1:shelves:{pk}": {"pk": rows.upper.pk},
        "reader:{pk}:books": {"pk": rows.ann.pk},
        "labels:{pk}": {"pk": rows.upper.pk},
        "loose": {},
        "mute": {},
    }
    own = [each for each in declarations() if each._load.__module__ == "tests.caching.testapp.cache"]
    assert {each.key for each in own} == set(params)
    for declared in own:
        assert_independent_of_caller(declared, **params[declared.key])


@pytest.mark.parametrize(
    "what",
    [translation.get_language, timezone.get_current_timezone_name, lambda: reverse("admin:index")],
    ids=["language", "time zone", "script prefix"],
)
def test_value_that_depends_on_the_caller_is_found(rows, what):
    with own_declarations():
        thing = Cached("odd", ttl=60, load=lambda: [what(), Book.objects.count()], invalidated_by={Book: ALL})
        assert_independent_of_caller(thing)
        with (
            replaced("without caller", contextlib.nullcontext),
            pytest.raises(AssertionError, match="depend"),
        ):
            assert_independent_of_caller(thing)


def test_value_with_a_host_is_found(rows):
    with own_declarations():
        thing = Cached("odd", ttl=60, load=lambda: "http://testserver/x/", invalidated_by={Book: ALL})
        with pytest.raises(AssertionError, match="odd contains an address"):
            assert_independent_of_caller(thing)
