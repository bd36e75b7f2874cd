"""The values of the ledger as cached endpoints."""

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.viewsets import ViewSet

from api.cached import cached_action
from api.query import QuerySerializer
from api.views import StrictQuery
from benchmarks.history.contestants import current
from benchmarks.history.ledger.layout import ORDERS

declared: Any = current()


class PageQuery(QuerySerializer):
    group = serializers.IntegerField()
    order = serializers.ChoiceField(choices=ORDERS)


class LedgerViewSet(StrictQuery, ViewSet):
    query_serializers = {"read_page": PageQuery}

    @cached_action(declared.details)
    def read_detail(self, request, read, pk):
        return read()

    @cached_action(declared.pages)
    def read_page(self, request, read):
        return read()

    @cached_action(declared.owners)
    def read_owner(self, request, read, pk):
        return read()

    @cached_action(declared.totals)
    def read_total(self, request, read):
        return read()


urlpatterns = [
    path("api/detail/<int:pk>/", LedgerViewSet.as_view({"get": "read_detail"})),
    path("api/page/", LedgerViewSet.as_view({"get": "read_page"})),
    path("api/owner/<int:pk>/", LedgerViewSet.as_view({"get": "read_owner"})),
    path("api/total/", LedgerViewSet.as_view({"get": "read_total"})),
]
