"""The history of a service's price or a plan's discount over HTTP, and changes for a future moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from api.http_cache import json_response
from services import scheduling
from services.history import changes_of, past_changes, scheduled_changes
from services.permissions import ChangePermission

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request

    from services.history_serializers import ChangeSerializer
    from services.models import PriceChange

SCHEDULED = r"prices/<uuid:uuid>"


class PriceChangesMixin:
    """A mixin for the viewsets of services and plans. Read by those who may read the row.

    Attributes:
        change_serializer_class: its changes as the API takes and gives them.
    """

    change_serializer_class: type[ChangeSerializer]

    @action(detail=True)
    def history(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        view: Any = self
        return self._page(past_changes(view.get_object()))

    @action(detail=True, permission_classes=[ChangePermission])
    def prices(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        view: Any = self
        return self._page(scheduled_changes(view.get_object()))

    @prices.mapping.post
    @transaction.atomic
    def schedule_price(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        view: Any = self
        source = view.lock_object()
        serializer = self.change_serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        change = serializer.save(**{source._meta.model_name: source})
        data = self.change_serializer_class(changes_of(source).get(pk=change.pk)).data
        headers = {"Location": f"{request.path}{change.pk}/"}
        return Response(data, status=status.HTTP_201_CREATED, headers=headers)

    @action(detail=True, url_path=SCHEDULED, permission_classes=[ChangePermission])
    def price(self, request: Request, pk: int, uuid: UUID) -> HttpResponse:  # noqa: ARG002
        view: Any = self
        change = get_object_or_404(changes_of(view.get_object()), pk=uuid)
        return json_response(request, dict(self.change_serializer_class(change).data))

    @price.mapping.delete
    @transaction.atomic
    def unschedule_price(self, request: Request, pk: int, uuid: UUID) -> Response:  # noqa: ARG002
        view: Any = self
        scheduling.unschedule(get_object_or_404(changes_of(view.lock_object()), pk=uuid))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _page(self, changes: QuerySet[PriceChange]) -> Response:
        view: Any = self
        shown = self.change_serializer_class(view.paginate_queryset(changes), many=True).data
        paged: Response = view.get_paginated_response(shown)
        return paged
