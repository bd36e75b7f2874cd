"""Lists, tasks and notices in the admin."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Q

from core.subqueries import count_of
from core.users import current_user
from tasks.actions import complete_task, reopen_task, save_tasks, unassign_outsiders
from tasks.models import Notice, Task, TaskList

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


@admin.register(TaskList)
class TaskListAdmin(admin.ModelAdmin):
    list_display = ["name", "owner", "member_count", "task_count", "updated_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username"]
    autocomplete_fields = ["owner", "members"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaskList]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                task_count=count_of(Task, "task_list"),
                member_count=count_of(TaskList.members.through, "tasklist"),
            )
        )

    @admin.display(description="tasks", ordering="task_count")
    def task_count(self, task_list: Any) -> int:
        return task_list.task_count

    @admin.display(description="members", ordering="member_count")
    def member_count(self, task_list: Any) -> int:
        return task_list.member_count

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        unassign_outsiders(task_list=form.instance)


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):
    """Tasks. Status and completion follow from the actions."""

    list_display = ["name", "task_list", "assigned_to", "status", "deadline", "completed_at"]
    list_filter = ["status", "deadline"]
    list_select_related = ["task_list", "assigned_to"]
    search_fields = ["name", "task_list__name", "assigned_to__username"]
    autocomplete_fields = ["task_list", "assigned_to"]
    readonly_fields = ["status", "completed_at", "overdue_at", "created_at", "updated_at"]
    date_hierarchy = "deadline"
    actions = ["complete", "reopen"]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        with transaction.atomic():
            if request.method == "POST":
                _lock_for_form(object_id or 0, request.POST.get("task_list", 0))
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Task, form: Any, change: bool) -> None:  # noqa: ARG002
        save_tasks(tasks=[obj], actor=current_user(request))

    @admin.action(description="Complete the selected tasks", permissions=["change"])
    @transaction.atomic
    def complete(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        for task in _locked(queryset):
            complete_task(task=task, actor=current_user(request))

    @admin.action(description="Reopen the selected tasks", permissions=["change"])
    @transaction.atomic
    def reopen(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:  # noqa: ARG002
        for task in _locked(queryset):
            reopen_task(task=task)


@admin.register(Notice)
class NoticeAdmin(admin.ModelAdmin):
    """What was sent, what waits, and what was given up and why. To be read only."""

    list_display = ["kind", "recipient", "task", "state", "channel", "attempts", "due_at", "error"]
    list_filter = ["state", "kind", "channel"]
    list_select_related = ["recipient", "task"]
    search_fields = ["recipient__username", "task__name"]
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False


def _lock_for_form(task_id: str | int, list_id: str | int) -> None:
    """Lock the lists that the task of a form is in and goes to, then the task, before it is read."""
    with suppress(ValueError):  # what cannot be an id, the form refuses
        tasks = Task.objects.filter(pk=task_id)
        lists = TaskList.objects.filter(Q(pk=list_id) | Q(pk__in=tasks.values("task_list")))
        list(lists.order_by("pk").select_for_update(no_key=True))
        list(tasks.select_for_update(no_key=True))


def _locked(tasks: QuerySet[Task]) -> QuerySet[Task]:
    rows = Task.objects.filter(pk__in=tasks.values("pk")).select_related("task_list")
    return rows.select_for_update(of=["self"], no_key=True).order_by("pk")
