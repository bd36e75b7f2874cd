"""What the API's description says of the history of prices and discounts, and of their scheduled changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema, extend_schema_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.history_serializers import ChangeSerializer


def price_changes(kind: str, value: str, serializer: type[ChangeSerializer]) -> Callable[[Any], Any]:
    """Return the decorator that describes the changes of a kind of row: a ``service`` or a ``plan``."""
    permission = f"Needs the permission `services.change_{kind}`."
    return extend_schema_view(
        history=extend_schema(
            summary=f"List the changes of a {kind}'s {value}",
            description=f"Which {value} held from when to when, and who or what changed it, the latest "
            "first. Every change is in it, however it was made. For every signed-in user.",
            responses=serializer(many=True),
        ),
        prices=extend_schema(
            summary=f"List the scheduled changes of a {kind}'s {value}",
            description="Those whose moment is in the future, the next first. For every signed-in user.",
            responses=serializer(many=True),
        ),
        schedule_price=extend_schema(
            summary=f"Schedule a change of a {kind}'s {value}",
            description=f"From `effective_from` on the {kind} has this {value}, whatever it was changed to until "
            f"then. The prices of its subscriptions follow within a minute. {permission}",
            request=serializer,
            responses={201: serializer},
        ),
        price=extend_schema(
            summary=f"Get a change of a {kind}'s {value}",
            description="One that is scheduled, or has taken effect. For every signed-in user.",
            responses=serializer,
        ),
        unschedule_price=extend_schema(
            summary=f"Delete a scheduled change of a {kind}'s {value}",
            description=f"Once its moment has come, the answer is 409. {permission}",
            responses={204: None},
        ),
    )
