"""Services, plans, subscriptions and recalculations over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.response import Response

from api.http_cache import cached_response, made_of
from api.openapi.schema import IF_MATCH
from api.pagination import Page, check_exists, envelope
from api.permissions import ModelPermissions
from api.problems.exceptions import Unavailable
from api.serializers import refuse_body
from api.viewsets import GenericViewSet, ModelViewSet
from clients.selectors import require_visible, visible_client_id
from core.history import record_action
from services import actions, cache, selectors
from services.history import PricePeriods
from services.history_serializers import PricePeriodQuery, PricePeriodSerializer
from services.models import Plan, Recalculation, Service, Subscription
from services.permissions import ChangePermission
from services.queries import ServiceQuery, SubscriptionQuery
from services.search import Search
from services.serializers import (
    PlanSerializer,
    QueuedRecalculationSerializer,
    RecalculationSerializer,
    ServiceSerializer,
    SubscriptionPageSerializer,
    SubscriptionSerializer,
    SubscriptionWriteSerializer,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request

SIGNED_IN = "For every signed-in user."
READERS = "Staff with the view permission see every subscription, a client's user sees that client's."
FOLLOW = (
    "The prices of its subscriptions follow in the background: their `price_status` is `pending` until then."
)
PRICE = f"{FOLLOW} A price for a future moment: `POST /api/v1/services/{{id}}/prices/`."
DISCOUNT = f"{FOLLOW} A discount for a future moment: `POST /api/v1/plans/{{id}}/discounts/`."
UNUSED = "Only one without subscriptions can be deleted, else the answer is 409."


@extend_schema_view(
    list=extend_schema(summary="List services", description=SIGNED_IN),
    create=extend_schema(summary="Add a service", description="Needs the permission `services.add_service`."),
    retrieve=extend_schema(summary="Get a service", description=SIGNED_IN),
    update=extend_schema(summary="Replace a service", description=PRICE),
    partial_update=extend_schema(summary="Change a service", description=PRICE),
    destroy=extend_schema(summary="Delete a service", description=UNUSED),
)
class ServiceViewSet(ModelViewSet[Service]):
    permission_classes = [DjangoModelPermissions]  # every signed-in user reads
    queryset = Service.objects.order_by("pk")
    serializer_class = ServiceSerializer
    query_serializers = {"list": ServiceQuery}
    lookup_value_converter = "int"

    def filter_queryset(self, queryset: QuerySet[Service, Any]) -> QuerySet[Service, Any]:
        services = super().filter_queryset(queryset)
        if self.action == "list" and self.query["search"]:
            return selectors.search_services(services, self.query["search"])
        return services


@extend_schema_view(
    list=extend_schema(summary="List plans", description=SIGNED_IN),
    create=extend_schema(summary="Add a plan", description="Needs the permission `services.add_plan`."),
    retrieve=extend_schema(summary="Get a plan", description=SIGNED_IN),
    update=extend_schema(summary="Replace a plan", description=DISCOUNT),
    partial_update=extend_schema(summary="Change a plan", description=DISCOUNT),
    destroy=extend_schema(summary="Delete a plan", description=UNUSED),
)
class PlanViewSet(ModelViewSet[Plan]):
    permission_classes = [DjangoModelPermissions]  # every signed-in user reads
    queryset = Plan.objects.order_by("pk")
    serializer_class = PlanSerializer
    lookup_value_converter = "int"


@extend_schema_view(
    create=extend_schema(
        summary="Add a subscription",
        description="It has its price at once. Needs the permission `services.add_subscription`.",
        responses={201: SubscriptionSerializer},
    ),
    retrieve=extend_schema(
        summary="Get a subscription", description=READERS, responses=SubscriptionSerializer
    ),
    update=extend_schema(
        summary="Replace a subscription",
        description="What a GET shows of the fields that can be written can be sent back as it is.",
        responses=SubscriptionSerializer,
    ),
    partial_update=extend_schema(
        summary="Change a subscription",
        description="One that moves to another service or plan has its new price at once.",
        responses=SubscriptionSerializer,
    ),
    destroy=extend_schema(
        summary="Delete a subscription",
        description="Needs the permission `services.delete_subscription`.",
    ),
)
class SubscriptionViewSet(ModelViewSet[Subscription]):
    permission_classes = [DjangoModelPermissions]  # filter_queryset narrows what a user reads and writes
    queryset = selectors.shown_subscriptions().order_by("pk")
    serializer_class = SubscriptionWriteSerializer
    read_serializer_class = SubscriptionSerializer
    query_serializers = {"list": SubscriptionQuery, "prices": PricePeriodQuery}
    lookup_value_converter = "int"

    @extend_schema(
        operation_id="subscriptions_list",
        summary="List subscriptions",
        description=f"{READERS} `total_amount` is the sum of the prices on all pages.",
        responses=forced_singular_serializer(SubscriptionPageSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request) -> HttpResponse:  # type: ignore[override]
        filters = self.query["filters"]
        page, selection = Page(self.query["page"], self.query["page_size"]), filters | self._visible()
        if selectors.SEARCH in filters:
            selection[selectors.SEARCH] = Search(filters[selectors.SEARCH])
        count, total, result = cache.totals(selection)
        check_exists(page, count)
        rows: Any = self._rows(selection, page) if count else []
        given = request.query_params
        shown: Any = SubscriptionSerializer(rows, many=True).data
        data = envelope(
            shown,
            page=page,
            count=count,
            path=request.path,
            params={name: given[name] for name in given if name in {*filters, "order"}},
            results_key="result",
        )
        return cached_response(request, made_of(data | {"total_amount": total}, result))

    @extend_schema(
        operation_id="subscriptions_recalculate",
        summary="Recalculate a subscription",
        description="Sends the tasks `set_price`, which brings the price up to date, and `set_comment`, "
        "which writes the time into the comment unless a person has written it. At most one message of each "
        "waits for a subscription. Needs the permission `services.change_subscription`.",
        parameters=[IF_MATCH],
        request=None,
        responses={202: QueuedRecalculationSerializer},
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def recalculate(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        refuse_body(request)
        with transaction.atomic():
            row = self.lock_object()
        if not actions.recalculate_single([row.pk]):
            raise Unavailable("The broker that takes the tasks does not answer.")
        record_action(request.user, [row], actions.RECALCULATION_REQUESTED)
        names = [task.name for task in actions.SINGLE_TASKS]
        return Response({"tasks": names}, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="List the prices of a subscription",
        description=f"What it cost, costs, and will cost by what is scheduled, the latest first. {READERS}",
        responses=PricePeriodSerializer(many=True),
    )
    @action(detail=True)
    def prices(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        periods: Any = PricePeriods(self.get_object().pk, self.query["as_of"])
        page = self.paginate_queryset(periods)
        return self.get_paginated_response(PricePeriodSerializer(page, many=True).data)

    def _rows(self, selection: dict[str, Any], page: Page) -> QuerySet[Subscription]:
        selected = selectors.select_subscriptions(selection)
        first, order = (page.number - 1) * page.size, self.query["order"]
        return selectors.subscription_page(selected, selection, order=order, first=first, size=page.size)

    def filter_queryset(self, queryset: QuerySet[Subscription, Any]) -> QuerySet[Subscription, Any]:
        """Return the subscriptions that the user may see, also to write them."""
        visible = {selectors.LOOKUPS[name]: pk for name, pk in self._visible().items()}
        return super().filter_queryset(queryset).filter(**visible)

    def reload(self, row: Subscription) -> Subscription:
        """Return the subscription, if the user may see it, with the price that the database has given it."""
        require_visible(self.request.user, Subscription, row.client_id)
        return selectors.shown_subscriptions().get(pk=super().reload(row).pk)

    def _visible(self) -> dict[str, Any]:
        owner = visible_client_id(self.request.user, Subscription)
        return {} if owner is None else {"owner": owner}


@extend_schema_view(
    list=extend_schema(
        summary="List recalculations of prices",
        description="Those that run come first. Needs the permission `services.view_recalculation`.",
    )
)
class RecalculationViewSet(mixins.ListModelMixin, GenericViewSet[Recalculation]):
    permission_classes = [ModelPermissions]
    queryset = Recalculation.objects.select_related("service", "plan").order_by(
        F("finished_at").desc(nulls_first=True), "-pk"
    )
    serializer_class = RecalculationSerializer
