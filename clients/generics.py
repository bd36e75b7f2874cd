"""What clients, services and plans have in common over HTTP: subscriptions hold on to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction
from django.db.models import Model
from rest_framework.generics import RetrieveUpdateDestroyAPIView

from clients.actions import delete_unsubscribed

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.response import Response

Row = TypeVar("Row", bound=Model)


class SubscribedDetail(RetrieveUpdateDestroyAPIView[Row]):
    """Changed under the row's lock, so that two changes at once are two; deleted if nothing needs it."""

    def get_queryset(self) -> QuerySet[Row]:
        rows = super().get_queryset()
        changing = self.request.method in {"PUT", "PATCH"}
        return rows.select_for_update(of=("self",), no_key=True) if changing else rows

    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().update(request, *args, **kwargs)

    def perform_destroy(self, instance: Row) -> None:
        delete_unsubscribed(type(instance), pk=instance.pk)
