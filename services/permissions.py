"""Who may recalculate."""

from __future__ import annotations

from rest_framework.permissions import DjangoModelPermissions


class RecalculatePermission(DjangoModelPermissions):
    """A recalculation changes a subscription, so its POST needs ``change_subscription``."""

    perms_map = {**DjangoModelPermissions.perms_map, "POST": DjangoModelPermissions.perms_map["PATCH"]}
