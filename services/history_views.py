"""The history of services' prices and plans' discounts over HTTP, and changes for a future moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins

from api.viewsets import CreateModelMixin, DestroyModelMixin, GenericViewSet, RetrieveModelMixin
from services import scheduling
from services.history import changes_of, past_changes, scheduled_changes
from services.history_serializers import PlanDiscountSerializer, ServicePriceSerializer
from services.models import Plan, PriceChange, Service
from services.permissions import SourcePermission

if TYPE_CHECKING:
    from django.db.models import QuerySet

SIGNED_IN = "For every signed-in user."


class ChangesViewSet(GenericViewSet[PriceChange]):
    """The changes of one service or plan, for those who may read it.

    Attributes:
        sources: the services or plans. The address has the id of one, as ``service_id`` or ``plan_id``.
    """

    permission_classes = [SourcePermission]
    queryset = PriceChange.objects.none()
    sources: ClassVar[QuerySet[Any]]

    @property
    def kind(self) -> str:
        """Return what the changes are of: ``service`` or ``plan``."""
        return str(self.sources.model._meta.model_name)

    def get_source(self, *, lock: bool = False) -> Service | Plan:
        """Return the service or plan of the address, locked on request.

        Raises:
            Http404: there is none.
        """
        sources = self.sources.all()
        source: Service | Plan = get_object_or_404(
            sources.select_for_update(no_key=True) if lock else sources, pk=self.kwargs[f"{self.kind}_id"]
        )
        return source


class HistoryViewSet(mixins.ListModelMixin, ChangesViewSet):
    def get_queryset(self) -> QuerySet[PriceChange]:
        return past_changes(self.get_source())


class ScheduleViewSet(
    CreateModelMixin, RetrieveModelMixin, DestroyModelMixin, mixins.ListModelMixin, ChangesViewSet
):
    lookup_url_kwarg = "uuid"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[PriceChange]:
        return (scheduled_changes if self.action == "list" else changes_of)(self.get_source())

    def perform_create(self, serializer: Any) -> None:
        serializer.save(**{self.kind: self.get_source(lock=True)})

    def reload(self, row: PriceChange) -> PriceChange:
        """Return the change with what the database adds to it."""
        return self.get_queryset().get(pk=super().reload(row).pk)

    def lock_object(self) -> PriceChange:
        """Return the change, locked after its service or plan, as where it is applied: no deadlock."""
        self.get_source(lock=True)
        return super().lock_object()

    def perform_destroy(self, row: PriceChange) -> None:  # type: ignore[override]
        scheduling.unschedule(row)


def describe_schedule(kind: str, value: str) -> Any:
    """Return the decorator that describes a ``ScheduleViewSet`` for the public."""
    permission = f"Needs the permission `services.change_{kind}`."
    return extend_schema_view(
        list=extend_schema(
            summary=f"List the scheduled changes of a {kind}'s {value}",
            description=f"Those whose moment is in the future, the next first. {SIGNED_IN}",
        ),
        create=extend_schema(
            summary=f"Schedule a change of a {kind}'s {value}",
            description=f"From `effective_from` on the {kind} has this {value}, whatever it was changed to "
            f"before. The prices of its subscriptions follow within a minute. {permission}",
        ),
        retrieve=extend_schema(
            summary=f"Get a change of a {kind}'s {value}",
            description=f"One that is scheduled, or has taken effect. {SIGNED_IN}",
        ),
        destroy=extend_schema(
            summary=f"Delete a scheduled change of a {kind}'s {value}",
            description=f"Once its moment has come, the answer is 409. {permission}",
        ),
    )


def describe_history(kind: str, value: str) -> Any:
    """Return the decorator that describes a ``HistoryViewSet`` for the public."""
    return extend_schema_view(
        list=extend_schema(
            summary=f"List the changes of a {kind}'s {value}",
            description=f"Which {value} held from when to when, and who or what changed it, the latest "
            f"first. Every change is in it, however it was made. {SIGNED_IN}",
        )
    )


@describe_history("service", "price")
class ServiceHistoryViewSet(HistoryViewSet):
    sources = Service.objects.all()
    serializer_class = ServicePriceSerializer


@describe_history("plan", "discount")
class PlanHistoryViewSet(HistoryViewSet):
    sources = Plan.objects.all()
    serializer_class = PlanDiscountSerializer


@describe_schedule("service", "price")
class ServicePriceViewSet(ScheduleViewSet):
    sources = Service.objects.all()
    serializer_class = ServicePriceSerializer


@describe_schedule("plan", "discount")
class PlanDiscountViewSet(ScheduleViewSet):
    sources = Plan.objects.all()
    serializer_class = PlanDiscountSerializer
