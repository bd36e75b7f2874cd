"""Who may change what a price follows."""

from __future__ import annotations

from rest_framework.permissions import DjangoModelPermissions

CHANGE = DjangoModelPermissions.perms_map["PATCH"]


class ChangePermission(DjangoModelPermissions):
    """For what belongs to a row, such as its scheduled prices: every write needs ``change_…`` of the row."""

    perms_map = {**DjangoModelPermissions.perms_map, "POST": CHANGE, "DELETE": CHANGE}
