"""Who may change what a price follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import DjangoModelPermissions

if TYPE_CHECKING:
    from rest_framework.views import APIView

CHANGE = DjangoModelPermissions.perms_map["PATCH"]


class ChangePermission(DjangoModelPermissions):
    """For an action that changes a row: its POST needs ``change_…``."""

    perms_map = {**DjangoModelPermissions.perms_map, "POST": CHANGE, "DELETE": CHANGE}


class SourcePermission(ChangePermission):
    """For the scheduled prices of a service or plan (``sources``): they belong to it, and change it."""

    def _queryset(self, view: APIView) -> Any:
        return view.sources  # type: ignore[attr-defined]
