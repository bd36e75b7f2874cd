"""The dashboard's numbers over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.response import Response

from api.views import APIView
from monitoring import cache
from monitoring.dashboard import live, rights
from monitoring.serializers import DashboardSerializer

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView as AnyView


class DashboardPermission(BasePermission):
    """``monitoring.view_dashboard``."""

    def has_permission(self, request: Request, view: AnyView) -> bool:  # noqa: ARG002
        return bool(request.user and request.user.has_perm(rights.SYSTEM_PERMISSION))


class DashboardView(APIView):
    permission_classes = [DashboardPermission]

    @extend_schema(
        operation_id="dashboard",
        summary="What the staff's dashboard shows",
        description=(
            "The numbers of the admin's first page, for those with the permission "
            "`monitoring.view_dashboard`. Parts whose rows the caller may not view are missing, and so are "
            "events about such rows. The numbers follow every committed change; those of the clock (overdue "
            "tasks, the present week) within a minute."
        ),
        responses=DashboardSerializer,
    )
    def get(self, request: Request) -> Response:
        return Response(rights.visible({**cache.dashboard.get().value, **live.read()}, request.user))
