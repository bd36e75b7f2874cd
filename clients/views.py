"""Clients over HTTP: staff see all, a client's user sees that client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.permissions import DjangoModelPermissions

from api.viewsets import ModelViewSet
from clients.models import Client
from clients.selectors import require_visible, search_clients, visible_client_id
from clients.serializers import ClientQuery, ClientSerializer

if TYPE_CHECKING:
    from django.db.models import QuerySet

READERS = "Staff with the view permission see every client, a client's user sees that client."


@extend_schema_view(
    list=extend_schema(summary="List clients", description=READERS),
    create=extend_schema(summary="Add a client", description="Needs the permission `clients.add_client`."),
    retrieve=extend_schema(summary="Get a client", description=READERS),
    update=extend_schema(
        summary="Replace a client", description="Needs the permission `clients.change_client`."
    ),
    partial_update=extend_schema(
        summary="Change a client", description="Needs the permission `clients.change_client`."
    ),
    destroy=extend_schema(
        summary="Delete a client",
        description="Only a client without subscriptions can be deleted, else the answer is 409. "
        "Needs the permission `clients.delete_client`.",
    ),
)
class ClientViewSet(ModelViewSet[Client]):
    permission_classes = [DjangoModelPermissions]  # filter_queryset narrows what a user reads and writes
    queryset = Client.objects.select_related("user").order_by("pk")
    serializer_class = ClientSerializer
    query_serializers = {"list": ClientQuery}
    lookup_value_converter = "int"

    def filter_queryset(self, queryset: QuerySet[Client, Any]) -> QuerySet[Client, Any]:
        """Return the clients that the user may see, also to write them, and the search finds."""
        clients = super().filter_queryset(queryset)
        own = visible_client_id(self.request.user, Client)
        visible = clients if own is None else clients.filter(pk=own)
        return search_clients(visible, self.query["search"]) if self.action == "list" else visible

    def reload(self, row: Client) -> Client:
        """Return the client, if the user may see it: the answer shows its user's e-mail address."""
        require_visible(self.request.user, Client, row.pk)
        return super().reload(row)
