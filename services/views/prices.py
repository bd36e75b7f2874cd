"""What prices are made of, services and plans, and how far they have followed."""

from __future__ import annotations

from django.db.models import F
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, ListCreateAPIView
from rest_framework.permissions import DjangoModelPermissions

from api.permissions import ModelPermissions
from clients.generics import SubscribedDetail
from services.models import Plan, Recalculation, Service
from services.serializers import PlanSerializer, RecalculationSerializer, ServiceSerializer


@extend_schema_view(get=extend_schema(summary="Services"), post=extend_schema(summary="Add a service"))
class ServiceList(ListCreateAPIView[Service]):
    permission_classes = [DjangoModelPermissions]  # read by whoever is signed in
    queryset = Service.objects.order_by("pk")
    serializer_class = ServiceSerializer


@extend_schema_view(
    get=extend_schema(summary="A service"),
    put=extend_schema(summary="Replace a service; prices follow in the background"),
    patch=extend_schema(summary="Change a service; prices follow in the background"),
    delete=extend_schema(summary="Delete a service without subscriptions"),
)
class ServiceDetail(SubscribedDetail[Service]):
    permission_classes = [DjangoModelPermissions]
    queryset = Service.objects.all()
    serializer_class = ServiceSerializer


@extend_schema_view(get=extend_schema(summary="Plans"), post=extend_schema(summary="Add a plan"))
class PlanList(ListCreateAPIView[Plan]):
    permission_classes = [DjangoModelPermissions]
    queryset = Plan.objects.order_by("pk")
    serializer_class = PlanSerializer


@extend_schema_view(
    get=extend_schema(summary="A plan"),
    put=extend_schema(summary="Replace a plan; prices follow in the background"),
    patch=extend_schema(summary="Change a plan; prices follow in the background"),
    delete=extend_schema(summary="Delete a plan without subscriptions"),
)
class PlanDetail(SubscribedDetail[Plan]):
    permission_classes = [DjangoModelPermissions]
    queryset = Plan.objects.all()
    serializer_class = PlanSerializer


@extend_schema_view(get=extend_schema(summary="Recalculations of prices, those under way first"))
class RecalculationList(ListAPIView[Recalculation]):
    permission_classes = [ModelPermissions]
    queryset = Recalculation.objects.select_related("service", "plan").order_by(
        F("finished_at").desc(nulls_first=True), "-pk"
    )
    serializer_class = RecalculationSerializer
