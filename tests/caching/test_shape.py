"""Fingerprints of the shape of values, which separate releases (read/shape.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import pytest
from rest_framework import serializers

from caching import ALL, Cached, CachedFamily
from caching.read.shape import fingerprint
from tests.caching.testapp.models import Mute


class Inner(serializers.Serializer):
    name = serializers.CharField()


class Outer(serializers.Serializer):
    title = serializers.CharField()
    inner = Inner(many=True)


class OuterWithOneMore(Outer):
    more = serializers.CharField()


class OuterRetyped(Outer):
    title = serializers.IntegerField()


class OuterFromElsewhere(Outer):
    title = serializers.CharField(source="name")


class InnerWithOneMore(Inner):
    more = serializers.CharField()


class OuterWithMoreInside(Outer):
    inner = InnerWithOneMore(many=True)


class Typed(TypedDict):
    title: str


class TypedOtherwise(TypedDict):
    title: int


@dataclass
class Row:
    title: str


SHAPES = [
    Outer, OuterWithOneMore, OuterRetyped, OuterFromElsewhere, OuterWithMoreInside, Inner, Inner(many=True),
    Typed, TypedOtherwise, None, ["a"], {"a": 1}, {"a": 2},
]  # fmt: skip


def test_fingerprints_of_different_shapes_differ():
    assert len({fingerprint(shape, 1) for shape in SHAPES}) == len(SHAPES)


def test_fingerprint_is_eight_characters_and_the_same_each_time():
    assert fingerprint(Outer, 1) == fingerprint(Outer(), 1) == fingerprint(Outer, 1)
    assert len(fingerprint(Outer, 1)) == 8
    assert ":" not in fingerprint(Outer, 1)


def test_fingerprint_of_a_dataclass_names_its_fields():
    assert fingerprint(Row, 1) == fingerprint(Typed, 1)


def test_version_changes_the_fingerprint():
    assert fingerprint(Outer, 1) != fingerprint(Outer, 2)


def test_two_releases_beside_each_other_each_read_their_own_shape(declare):
    """Version N+1 has one more field. Both share the key, and a write invalidates the values of both."""
    now, soon = releases(declare, Cached, "v1:odd:{name}")
    assert now.get(name="a").value == {"title": []}
    assert soon.get(name="a").value == {"title": [], "more": 1}
    assert now.get(name="a").value == {"title": []}
    assert now.get(name="a").x_cache == "HIT"
    Mute.objects.create(name="new")
    assert now.get(name="a").value == {"title": ["new"]}
    assert soon.get(name="a").value == {"title": ["new"], "more": 1}


def test_two_releases_of_a_family_each_read_their_own_shape(declare):
    now, soon = releases(declare, CachedFamily, "v1:odd:pages")
    assert now.get(name="a").value == {"title": []}
    assert soon.get(name="a").value == {"title": [], "more": 1}
    assert now.get(name="a").value == {"title": []}
    Mute.objects.create(name="new")
    assert now.get(name="a").value == {"title": ["new"]}
    assert soon.get(name="a").value == {"title": ["new"], "more": 1}


def releases(declare, kind, key):
    """Return the declarations of one value in two releases."""

    def names():
        return list(Mute.objects.values_list("name", flat=True))

    by_all = {Mute: ALL}
    return (
        declare(kind, key, load=lambda name: {"title": names()}, invalidated_by=by_all, shape=["title"]),
        declare(
            kind,
            key,
            load=lambda name: {"title": names(), "more": 1},
            invalidated_by=by_all,
            shape=["title", "more"],
        ),
    )


@pytest.mark.parametrize("kind", [Cached, CachedFamily])
def test_explicit_version_keeps_values_apart(declare, kind):
    key = "v1:odd:{name}" if kind is Cached else "v1:odd:pages"
    first = declare(kind, key, load=lambda name: 1, invalidated_by={Mute: ALL}, version=1)
    second = declare(kind, key, load=lambda name: 2, invalidated_by={Mute: ALL}, version=2)
    for _ in range(2):
        assert first.get(name="a").value == 1
        assert second.get(name="a").value == 2
