"""Viewsets whose writes are safe: under the row's lock, only of what the client has seen, and on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db import connection, models, transaction
from rest_framework import mixins, status, viewsets
from rest_framework.response import Response

from api.deletion import delete_unreferenced
from api.http_cache import json_etag, json_response, require_match
from api.pagination import PageQuery
from api.views import StrictQuery
from core.history import record_addition, record_change, record_deletion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer

    from api.query import QuerySerializer

Row = TypeVar("Row", bound=models.Model)
WRITES = {"PUT", "PATCH", "DELETE", "POST"}


class GenericViewSet(StrictQuery, viewsets.GenericViewSet[Row]):
    """DRF's, with strict query parameters and a lock on the row that a request changes.

    Attributes:
        read_serializer_class: what the API gives, where that is not what it takes.
    """

    query_serializers: ClassVar[Mapping[str, type[QuerySerializer]]] = {"list": PageQuery}
    read_serializer_class: type[BaseSerializer[Any]] | None = None

    def lock_object(self) -> Row:
        """Return the row of the address, locked until the transaction ends.

        Raises:
            Http404: there is none that the user may see.
            PreconditionFailed: the request's If-Match is not the present ETag.
        """
        row = self.get_object()
        if "If-Match" in self.request.headers:
            require_match(self.request, self.etag(row))
        return row

    def filter_queryset(self, queryset: models.QuerySet[Row, Any]) -> models.QuerySet[Row, Any]:
        found: models.QuerySet[Row, Any] = super().filter_queryset(queryset)
        # OPTIONS looks whether a PUT would find the row, outside of a transaction.
        changes_row = self.detail and self.request.method in WRITES and self.action != "metadata"
        return found.select_for_update(of=("self",), no_key=True) if changes_row else found

    def represent(self, row: Row) -> Any:
        """Return what a GET of the row gives."""
        kind = self.read_serializer_class or self.get_serializer_class()
        return dict(kind(row, context=self.get_serializer_context()).data)

    def etag(self, row: Row) -> str:
        """Return the entity tag of what a GET of the row gives."""
        return json_etag(self.represent(row))

    def reload(self, row: Row) -> Row:
        """Return a row that was just written, for the response; by default as it is.

        Foreign keys are checked here, and the rows that they refer to held until the end of the
        transaction. By itself PostgreSQL checks them at COMMIT, after the response was made of rows that
        another request may have deleted.

        Raises:
            IntegrityError: a row that this one refers to was deleted (409).
        """
        with connection.cursor() as cursor:  # as Django's check_constraints, in one exchange
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        return row

    def respond(self, row: Row) -> HttpResponse:
        """Return what a GET of the row would answer, with its ETag."""
        return json_response(self.request, self.represent(row))


class CreateModelMixin(mixins.CreateModelMixin):
    """Answers 201 with what a GET gives, and its address."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        view: Any = self
        serializer = view.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            view.perform_create(serializer)
            record_addition(request.user, serializer.instance)
            data = view.represent(view.reload(serializer.instance))
        headers = {"Location": f"{request.path}{serializer.instance.pk}/", "ETag": json_etag(data)}
        return Response(data, status=status.HTTP_201_CREATED, headers=headers)


class RetrieveModelMixin:
    """Answers with an ETag; 304 if the client has it."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        view: Any = self
        response: HttpResponse = view.respond(view.get_object())
        return response


class UpdateModelMixin(mixins.UpdateModelMixin):
    """Changes the row under its lock, if it is still what the client saw (If-Match).

    An update that changes nothing writes nothing, so ``updated_at`` and the ETag stay as they are.
    """

    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]  # noqa: ARG002
        view: Any = self
        row = view.lock_object()
        serializer = view.get_serializer(row, data=request.data, partial=kwargs.get("partial", False))
        serializer.is_valid(raise_exception=True)
        if changed := _changed(row, serializer.validated_data):
            view.perform_update(serializer)
            record_change(request.user, serializer.instance, changed)
            row = view.reload(serializer.instance)
        response: HttpResponse = view.respond(row)
        return response


class DestroyModelMixin:
    """Deletes the row if it is still what the client saw, and no other row needs it."""

    @transaction.atomic
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        view: Any = self
        row = view.lock_object()
        record_deletion(request.user, row)
        view.perform_destroy(row)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def perform_destroy(self, row: models.Model) -> None:
        delete_unreferenced(row)


class ModelViewSet(
    CreateModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
    DestroyModelMixin,
    mixins.ListModelMixin,
    GenericViewSet[Row],
):
    """List, create, retrieve, update and delete."""


def _changed(row: models.Model, values: Mapping[str, Any]) -> list[str]:
    """Return the names of the values that differ from the row's."""
    return [name for name, value in values.items() if _differs(row, name, value)]


def _differs(row: models.Model, name: str, value: Any) -> bool:
    """Return whether a value differs; of a many-to-many field it is rows or their ids."""
    current = getattr(row, name)
    if row._meta.get_field(name).many_to_many:
        current = {other.pk for other in current.all()}
        value = {getattr(other, "pk", other) for other in value}
    return bool(current != value)
