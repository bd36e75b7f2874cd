"""The query parameters of lists of tasks and of task lists."""

from __future__ import annotations

from rest_framework import serializers

from api.fields import DateTimeField, FlagField, IdField, NameField
from api.pagination import PageQuery
from tasks.models import Status
from tasks.selectors import LIST_ORDER_FIELDS, ORDER_FIELDS

DEFAULT_ORDER = "-id"
MAX_SEARCH_LENGTH = 100


def _orders(fields: tuple[str, ...]) -> list[str]:
    return [sign + field for field in fields for sign in ("", "-")]


class TaskListQuery(PageQuery):
    search = NameField(
        max_length=MAX_SEARCH_LENGTH,
        default=None,
        allow_blank=True,
        help_text="Words, each of which is part of the list's name or of its owner's username.",
    )
    order = serializers.ChoiceField(
        _orders(LIST_ORDER_FIELDS), default=DEFAULT_ORDER, help_text="`-` reverses the order."
    )


class ListTasksQuery(PageQuery):
    assigned_to = IdField(default=None, help_text="The id of the assignee.")
    status = serializers.ChoiceField(
        Status.values, default=None, help_text="`overdue` as soon as the deadline has passed."
    )
    overdue = FlagField(default=None, help_text="Whether a task is open and its deadline has passed.")
    deadline_from = DateTimeField(default=None, help_text="The earliest deadline.")
    deadline_to = DateTimeField(default=None, help_text="The latest deadline.")
    search = NameField(
        max_length=MAX_SEARCH_LENGTH,
        default=None,
        allow_blank=True,
        help_text="Words, each of which is part of the task's name, its list's or its assignee's username.",
    )
    order = serializers.ChoiceField(
        _orders(ORDER_FIELDS),
        default=DEFAULT_ORDER,
        help_text="`-` reverses the order. Tasks without the value come last in either direction.",
    )


class TaskQuery(ListTasksQuery):
    list = IdField(default=None, help_text="The id of a list.")
