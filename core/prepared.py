"""Queries whose SQL is made once.

Django makes the SQL of a queryset anew for each run. For a query with subqueries and joins that takes
longer than to run it. ::

    _by_hash = Prepared(lambda hash: AccessToken.objects.select_related("user").filter(token_hash=hash))
    _by_hash.rows("9f86d0…")
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import ModelIterable

Row = TypeVar("Row", bound=Model)


class _Parameter(Expression):
    """Stands in a queryset for a value that each run gives."""

    def as_sql(self, *_: Any) -> Any:
        return "%s", (self,)


class Prepared(Generic[Row]):
    """A queryset of rows with one parameter.

    Args:
        make: returns the queryset for a parameter, which may be compared with a field. It is called once.
    """

    def __init__(self, make: Callable[[Any], QuerySet[Row]]) -> None:
        self._make = make

    @cached_property
    def _compiled(self) -> tuple[QuerySet[Row], Any, str, tuple[Any, ...]]:
        queryset = self._make(_Parameter())
        compiler = queryset.query.get_compiler(queryset.db)
        return queryset, compiler, *compiler.as_sql()

    def rows(self, value: Any) -> list[Row]:
        """Return the rows for a value of the parameter, by one statement."""
        queryset, compiled, sql, params = self._compiled
        given = tuple(value if isinstance(each, _Parameter) else each for each in params)
        compiler = copy.copy(
            compiled
        )  # Django's, which has the columns; another thread has its own connection
        compiler.connection = connections[queryset.db]
        compiler.as_sql = lambda *_, **__: (sql, given)
        query = SimpleNamespace(get_compiler=lambda using: compiler)  # noqa: ARG005  (of ModelIterable)
        of_queryset = SimpleNamespace(db=queryset.db, query=query, _known_related_objects={})
        return list(ModelIterable(of_queryset))

    def get(self, value: Any) -> Row:
        """Return the row.

        Raises:
            DoesNotExist: there is none.
        """
        for row in self.rows(value):
            return row
        queryset = self._compiled[0]
        raise queryset.model.DoesNotExist(f"There is no such {queryset.model._meta.verbose_name}.")
