"""Paths from a changed row to the parameters of the cached values that depend on it.

A declaration contains ``Lesson: "module__course_id"``. A ``Route`` is that path in terms of tables: a
column of the changed row, and the hops from there. The database stores routes, too, with the triggers
(postgresql/triggers.py), so that a process of another release can follow them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db import models

# A value of these types has the same text in the JSON that triggers send and in a key.
KEY_FIELDS = (models.IntegerField, models.CharField, models.TextField, models.UUIDField)


class BadPath(ValueError):  # noqa: N818
    """A path of a declaration does not lead from its model to a value."""


class Hop(NamedTuple):
    """One step: ``SELECT take FROM table WHERE match = ANY(values)``.

    Attributes:
        owner: for a step to the rows that refer to a row, the table of that row; otherwise empty.
        stable: whether ``take`` is a primary key, which no other transaction changes.
    """

    table: str
    match: str
    take: str
    owner: str
    owner_column: str
    stable: bool


class Route(NamedTuple):
    """The way from a changed row to a parameter: a column of the row, then hops."""

    column: str
    hops: tuple[Hop, ...] = ()

    @classmethod
    def from_json(cls, spec: list[Any]) -> Route:
        """Return the route that JSON describes."""
        column, hops = spec
        return cls(column, tuple(Hop(*hop) for hop in hops))


def end_of(model: type[models.Model], path: str) -> Any:
    """Return the field at the end of ``path``.

    Raises:
        BadPath: the path does not exist, or does not end at a value.
    """
    walk = _Walk(model, path)
    for part in path.split("__"):
        walk.step(part)
    return walk.end()


def has_one_text(field: Any) -> bool:
    """Return whether a value of the field has the same text in the database, in Django and in a key."""
    methods = ("get_prep_value", "get_db_prep_value", "db_type")
    own = (getattr(type(field), name).__module__ for name in methods)
    return (
        isinstance(field, KEY_FIELDS)
        and all(module.startswith("django.db.models.") for module in own)
        and not hasattr(field, "from_db_value")
        and not getattr(field, "db_collation", None)  # under which other texts may be equal
    )


def compile_route(model: type[models.Model], path: str) -> Route | None:
    """Return the route of ``path`` from ``model``, None if a change must invalidate the whole group.

    That is so if a relation on the path has no constraint in the database, if a column is in the table
    of a parent model, or if the value has more than one text.

    Raises:
        BadPath: the path does not exist, or does not end at a value.
    """
    walk = _Walk(model, path)
    for part in path.split("__"):
        walk.step(part)
    return walk.route()


class _Walk:
    """A walk along a path: the model that it has reached, and the column there whose values are known."""

    def __init__(self, model: type[models.Model], path: str) -> None:
        self._path = f"{model._meta.label}: {path!r}"
        self._model: Any = model
        self._known: Any = None  # no field yet: the changed row itself
        self._start = ""
        self._hops: list[Hop] = []
        self._last: Any = None
        self._safe = True

    def step(self, part: str) -> None:
        if self._model is None:
            raise BadPath(f"{self._path}: {part!r} follows a plain value")
        field = self._field(part)
        if field.many_to_many:
            to_here, onward = _through(field)
            self._to_referring(to_here)
            self._take(onward)
        elif field.one_to_many or (field.one_to_one and not field.concrete):
            self._to_referring(field.field)
        else:
            self._take(field)

    def end(self) -> Any:
        field = self._last
        while getattr(field, "remote_field", None):
            field = field.target_field
        return field

    def route(self) -> Route | None:
        if not self._safe or not has_one_text(self.end()):
            return None
        return Route(self._start, tuple(self._hops))

    def _field(self, part: str) -> Any:
        try:
            return self._model._meta.pk if part == "pk" else self._model._meta.get_field(part)
        except FieldDoesNotExist as error:
            raise BadPath(f"{self._path}: {error}") from error

    def _take(self, field: Any) -> None:
        """Take a column of the present rows; if it is a relation, go to the rows to which it refers."""
        self._safe &= field.model._meta.concrete_model is self._model._meta.concrete_model
        if self._known is None:
            self._start = field.column
        elif field.column != self._known.column:
            table = self._model._meta.db_table
            if self._hops and self._hops[-1].owner and self._hops[-1].table == table:
                self._hops[-1] = self._hops[-1]._replace(take=field.column, stable=field.primary_key)
            else:
                self._hops.append(Hop(table, self._known.column, field.column, "", "", field.primary_key))
        self._last = self._known = field
        if field.is_relation:
            self._model, self._known = field.related_model, field.target_field
        elif not field.primary_key:
            self._model = None

    def _to_referring(self, foreign_key: Any) -> None:
        """Go to the rows that refer to the present ones."""
        owner = self._model._meta.db_table
        self._take(foreign_key.target_field)
        self._safe &= foreign_key.db_constraint
        model = foreign_key.model
        column, pk = self._last.column, model._meta.pk
        self._hops.append(
            Hop(model._meta.db_table, foreign_key.column, pk.column, owner, column, stable=True)
        )
        self._model, self._last, self._known = model, pk, pk


def _through(field: Any) -> tuple[Any, Any]:
    """Return the two foreign keys of a many-to-many's table: to the present model, and to the next."""
    reverse = not field.concrete
    relation = field.field if reverse else field
    through = relation.remote_field.through._meta
    ends = relation.m2m_field_name(), relation.m2m_reverse_field_name()
    here, onward = reversed(ends) if reverse else ends
    return through.get_field(here), through.get_field(onward)
