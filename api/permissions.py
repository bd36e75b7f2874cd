"""Access by Django's model permissions: 401 without authentication, 403 without the permission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, DjangoModelPermissions

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

VIEW = ["%(app_label)s.view_%(model_name)s"]


class ModelPermissions(DjangoModelPermissions):
    """Reads need ``view_…``, writes ``add_…``, ``change_…`` or ``delete_…`` of the view's model."""

    perms_map = {**DjangoModelPermissions.perms_map, "GET": VIEW, "HEAD": VIEW}


class ModelPermissionsOrReadOnly(DjangoModelPermissions):
    """Reads are open; writes need the permission of the view's model."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or super().has_permission(request, view)
