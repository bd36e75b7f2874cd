"""Clients over HTTP: staff see all, a client's user sees his own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListCreateAPIView
from rest_framework.permissions import SAFE_METHODS, DjangoModelPermissions

from clients.generics import SubscribedDetail
from clients.models import Client
from clients.selectors import seen_through
from clients.serializers import ClientSerializer

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Visible(GenericAPIView[Client]):
    """The clients that the caller sees; for a write, whose permission has been checked, all."""

    permission_classes = [DjangoModelPermissions]  # reads are narrowed to what the caller may see
    queryset = Client.objects.select_related("user").order_by("pk")
    serializer_class = ClientSerializer

    def filter_queryset(self, queryset: QuerySet[Client, Any]) -> QuerySet[Client, Any]:
        if self.request.method not in SAFE_METHODS:
            return queryset
        own = seen_through(self.request.user, Client)
        return queryset if own is None else queryset.filter(pk=own)


@extend_schema_view(get=extend_schema(summary="Clients"), post=extend_schema(summary="Add a client"))
class ClientList(Visible, ListCreateAPIView[Client]):
    pass


@extend_schema_view(
    get=extend_schema(summary="A client"),
    put=extend_schema(summary="Replace a client"),
    patch=extend_schema(summary="Change a client"),
    delete=extend_schema(summary="Delete a client without subscriptions"),
)
class ClientDetail(Visible, SubscribedDetail[Client]):
    pass
