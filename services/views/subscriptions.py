"""Subscriptions over HTTP: staff see all, a client's user sees that client's."""

from __future__ import annotations

from decimal import Decimal as Number
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.response import Response
from rest_framework.views import APIView

from api.http_cache import cached_response, json_response, made_of
from api.pagination import Page, check_exists, envelope
from api.params import ID, Choice, Decimal, Parameter, Text, openapi, parse
from api.params import PARAMETERS as PAGING
from clients.selectors import seen_through
from services import cache, selectors
from services.models import Plan, Subscription
from services.serializers import (
    SubscriptionPageSerializer,
    SubscriptionSerializer,
    SubscriptionWriteSerializer,
)

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

WORD = Text(50)
PRICE = Decimal(0, Number("9999999999.99"))
FILTERS: dict[str, Parameter] = {
    "client": ID,
    "service": ID,
    "plan": ID,
    "plan_type": Choice(tuple(Plan.PlanType.values)),
    "comment": WORD,
    "region": WORD,
    "channel": WORD,
    "price_min": PRICE,
    "price_max": PRICE,
}


class SubscriptionList(APIView):
    permission_classes = [DjangoModelPermissions]  # reads are narrowed to what the caller may see
    queryset = Subscription.objects.all()

    @extend_schema(
        operation_id="subscriptions_list",
        summary="Subscriptions: all for staff, his own for a client's user",
        parameters=openapi({**PAGING, **FILTERS}),
        responses=SubscriptionPageSerializer,
    )
    def get(self, request: Request) -> HttpResponse:
        page = Page(*parse(request.query_params, PAGING).values())
        filters = _given(parse(request.query_params, FILTERS))
        selection = filters | _given({"owner": seen_through(request.user, Subscription)})
        count, total, reading = cache.totals(selection)
        check_exists(page, count)
        rows = selectors.subscription_page(selection, first=(page.number - 1) * page.size, size=page.size)
        data = envelope(rows, page=page, count=count, path=request.path, params=filters, results_key="result")
        return cached_response(request, made_of(data | {"total_amount": total}, reading))

    @extend_schema(
        summary="Add a subscription",
        request=SubscriptionWriteSerializer,
        responses={201: SubscriptionSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = SubscriptionWriteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            pk = serializer.save().pk
            data = _one(pk)
        return Response(data, status=status.HTTP_201_CREATED, headers={"Location": f"{request.path}{pk}/"})


class SubscriptionDetail(APIView):
    permission_classes = [DjangoModelPermissions]  # reads are narrowed to what the caller may see
    queryset = Subscription.objects.all()

    @extend_schema(summary="A subscription", responses=SubscriptionSerializer)
    def get(self, request: Request, pk: int) -> HttpResponse:
        owner = _given({"owner": seen_through(request.user, Subscription)})
        get_object_or_404(selectors.selected(**owner).only("pk"), pk=pk)
        return json_response(request, _one(pk))

    @extend_schema(
        summary="Replace a subscription",
        request=SubscriptionWriteSerializer,
        responses=SubscriptionSerializer,
    )
    def put(self, request: Request, pk: int) -> Response:
        return self._update(request, pk, partial=False)

    @extend_schema(
        summary="Change a subscription",
        request=SubscriptionWriteSerializer(partial=True),
        responses=SubscriptionSerializer,
    )
    def patch(self, request: Request, pk: int) -> Response:
        return self._update(request, pk, partial=True)

    @transaction.atomic
    def _update(self, request: Request, pk: int, *, partial: bool) -> Response:
        row = get_object_or_404(Subscription.objects.select_for_update(no_key=True), pk=pk)
        serializer = SubscriptionWriteSerializer(row, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(_one(pk))

    @extend_schema(summary="Delete a subscription", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        get_object_or_404(Subscription, pk=pk).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(exclude=True)
class SourceSubscriptionList(SubscriptionList):
    """At the source's own address; the schema describes it once."""


@extend_schema(exclude=True)
class SourceSubscriptionDetail(SubscriptionDetail):
    """At the source's own address."""


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _one(pk: int) -> dict[str, Any]:
    (row,) = selectors.subscription_rows(Subscription.objects.filter(pk=pk))
    return row
