"""Which parts of the dashboard a user may see: those whose models the user may view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

SYSTEM_PERMISSION = "monitoring.view_dashboard"
# The model of each part of the numbers; of a part of the state of the system, None.
MODELS: dict[str, tuple[str, str] | None] = {
    "sales": ("services", "subscription"),
    "subscribed": ("services", "subscription"),
    "pending": ("services", "recalculation"),
    "recalculations": ("services", "recalculation"),
    "price_changes": ("services", "pricechange"),
    "enrolled": ("courses", "enrollment"),
    "completed": ("courses", "enrollment"),
    "best_rated": ("courses", "course"),
    "overdue": ("tasks", "task"),
    "undelivered": ("messaging", "outgoingmessage"),
    "cache": None,
    "queues": None,
    "beat": None,
}


def may_view(user: AbstractBaseUser | AnonymousUser, app: str | None, model: str | None) -> bool:
    """Return whether the user may see a model's rows, as Django's admin decides it."""
    known: Any = user
    return bool(app and (known.has_perm(f"{app}.view_{model}") or known.has_perm(f"{app}.change_{model}")))


def visible(parts: dict[str, Any], user: AbstractBaseUser | AnonymousUser) -> dict[str, Any]:
    """Return the parts that the user may see, of events those about rows that the user may see."""
    known: Any = user
    shown = {
        name: value
        for name, value in parts.items()
        if name not in MODELS
        or (known.has_perm(SYSTEM_PERMISSION) if (model := MODELS[name]) is None else may_view(user, *model))
    }
    shown["events"] = [each for each in parts["events"] if may_view(user, each["app"], each["model"])]
    return shown
