"""Lists and tasks in the admin."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import FewCountsMixin, ModelAdmin
from core.admin_columns import BAD, GOOD, QUIET, WAITING, badge
from core.admin_conflicts import GuardedForm
from core.subqueries import count_of
from core.users import current_user
from tasks.actions import complete_task, reopen_task, save_tasks, unassign_outsiders
from tasks.models import INACTIVE_OWNER, Status, Task, TaskList
from tasks.selectors import status_now, with_status

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

INACTIVE_MEMBERS = _("New members must be active. These are not: %(names)s.")


class TaskListForm(GuardedForm):
    def clean_owner(self) -> User:
        """Return the owner. A new one is locked: the account may be deleted at this moment."""
        owner: User = self.cleaned_data["owner"]
        if owner.pk == self.instance.owner_id:
            return owner
        locked = User.objects.select_for_update(no_key=True).filter(pk=owner.pk).first()
        if locked is None:
            raise ValidationError(INACTIVE_OWNER)
        return locked

    def clean_members(self) -> QuerySet[Any]:
        """Return the members. Those who have become inactive since they were added may stay."""
        members: QuerySet[Any] = self.cleaned_data["members"]
        added = members.filter(is_active=False)
        if self.instance.pk:
            added = added.exclude(pk__in=self.instance.members.values("pk"))
        if names := [user.get_username() for user in added]:
            raise ValidationError(INACTIVE_MEMBERS, params={"names": ", ".join(names)})
        return members

    def clean(self) -> dict[str, Any]:
        """Return the values. The owner is not one of the members."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("owner") and "members" in values:
            values["members"] = values["members"].exclude(pk=values["owner"].pk)
        return values


@admin.register(TaskList)
class TaskListAdmin(ModelAdmin):
    form = TaskListForm
    list_display = ["name", "owner", "member_count", "task_count", "updated_at"]
    list_filter = ["created_at", "updated_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username"]
    autocomplete_fields = ["owner", "members"]
    counts = {"task_count": (Task, "task_list__id__exact")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaskList]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                task_count=count_of(Task, "task_list"),
                member_count=count_of(TaskList.members.through, "tasklist"),
            )
        )

    @admin.display(description=_("tasks"), ordering="task_count")
    def task_count(self, task_list: Any) -> int:
        return task_list.task_count

    @admin.display(description=_("members"), ordering="member_count")
    def member_count(self, task_list: Any) -> int:
        return task_list.member_count

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        unassign_outsiders(task_list=form.instance, actor=current_user(request))


class StatusFilter(admin.SimpleListFilter):
    """Tasks by the status that they have now, under Django's name for a filter by the field."""

    title = _("status")
    parameter_name = "status__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(value, gettext(str(label))) for value, label in Status.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:  # noqa: ARG002
        status = self.value()
        if status is None:
            return queryset
        return with_status(queryset, status, timezone.now()) if status in Status.values else queryset.none()


KINDS = {
    Status.PENDING: QUIET,
    Status.IN_PROGRESS: WAITING,
    Status.COMPLETED: GOOD,
    Status.OVERDUE: BAD,
}


@admin.register(Task)
class TaskAdmin(FewCountsMixin, ModelAdmin):
    """Tasks. Status and completion follow from the actions."""

    list_display = ["name", "task_list", "assigned_to", "current_status", "deadline", "completed_at"]
    list_filter = [StatusFilter, "deadline"]
    list_select_related = ["task_list", "assigned_to"]
    search_fields = ["name", "task_list__name", "assigned_to__username"]
    autocomplete_fields = ["task_list", "assigned_to"]
    readonly_fields = ["current_status", "completed_at", "overdue_at", "created_at", "updated_at"]
    date_hierarchy = "deadline"
    actions = ["complete", "reopen"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        return super().get_queryset(request).annotate(status_now=status_now(timezone.now()))

    @admin.display(description=_("status"), ordering="status_now")
    def current_status(self, task: Any) -> SafeString:
        status = Status(getattr(task, "status_now", Status.PENDING))  # a new one is pending
        return badge(gettext(str(status.label)), KINDS[status])

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

    def save_model(self, request: HttpRequest, obj: Task, form: Any, change: bool) -> None:
        if form.changed_data or not change:
            save_tasks(tasks=[obj], actor=current_user(request))

    @admin.action(description=_("Complete the selected tasks"), permissions=["change"])
    @transaction.atomic
    def complete(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        for task in _locked(queryset):
            complete_task(task=task, actor=current_user(request))

    @admin.action(description=_("Reopen the selected tasks"), permissions=["change"])
    @transaction.atomic
    def reopen(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        for task in _locked(queryset):
            reopen_task(task=task, actor=current_user(request))


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
