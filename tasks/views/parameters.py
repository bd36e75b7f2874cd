"""The query parameters of task lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiParameter

from api.params import ID, Choice, Moment
from tasks.models import Status
from tasks.selectors import DEFAULT_ORDER, ORDERS

if TYPE_CHECKING:
    from api.params import Parameter

OF_A_LIST: dict[str, Parameter] = {
    "assigned_to": ID,
    "status": Choice(tuple(Status.values)),
    "overdue": Choice(("true", "false")),
    "deadline_from": Moment(),
    "deadline_to": Moment(),
    "order": Choice(ORDERS, default=DEFAULT_ORDER),
}
IF_MATCH = OpenApiParameter(
    "If-Match", location="header", description="The ETag of what you saw; 412 if it has changed since."
)
OF_ALL: dict[str, Parameter] = {"list": ID, **OF_A_LIST}
