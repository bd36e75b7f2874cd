"""Task lists of a team, and what its people are told about their tasks."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

NAME_CHARACTERS = 200


class TaskList(models.Model):
    name = models.CharField(max_length=NAME_CHARACTERS)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="task_lists", db_index=False
    )
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="shared_task_lists", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_task_list_of_a_name_per_owner"),
            models.CheckConstraint(condition=~models.Q(name=""), name="task_list_name_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name


class Status(models.TextChoices):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    OVERDUE = "overdue"


RUNNING_STATUSES = (Status.PENDING, Status.IN_PROGRESS)
# What no status changes: an index under this condition need not follow when a task turns overdue.
OPEN = models.Q(completed_at__isnull=True)


class Task(models.Model):
    """A task. The assignee is the list's owner or a member: actions and the admin see to it.

    ``overdue_at`` is when it was last found to have passed its deadline.

    No index names ``status`` or a time of change, and the table's pages are filled by half (the
    migration), so that PostgreSQL writes a status beside the old one and touches no index (HOT):
    100,000 tasks turn overdue in a fifth of the time.
    """

    task_list = models.ForeignKey(TaskList, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    name = models.CharField(max_length=NAME_CHARACTERS)
    description = models.TextField(blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="assigned_tasks",
        null=True,
        blank=True,
    )
    deadline = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=11, choices=Status, default=Status.PENDING, editable=False)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)
    overdue_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["task_list", "name"], name="one_task_of_a_name_per_list"),
            models.CheckConstraint(condition=~models.Q(name=""), name="task_name_not_empty"),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="task_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(status=Status.COMPLETED, completed_at__isnull=False)
                | (~models.Q(status=Status.COMPLETED) & models.Q(completed_at__isnull=True)),
                name="task_completed_at_while_completed",
            ),
        ]
        indexes = [models.Index(fields=["deadline"], name="task_open_deadline", condition=OPEN)]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What no constraint can say: whom a task may be assigned to."""
        if self.assigned_to_id and self.assigned_to_id not in team_of(self.task_list):
            raise ValidationError({"assigned_to": "The assignee must be the list's owner or a member."})


def team_of(task_list: TaskList) -> set[int]:
    """The ids of those to whom tasks of the list may be assigned: one query."""
    return {task_list.owner_id, *task_list.members.values_list("pk", flat=True)}


class Notice(models.Model):
    """Something that one person is told, once.

    It is about a task, except that all tasks of a person which turn overdue together are told in one.
    ``occasion`` is the moment it is about: of the assignment, of the completion, of turning overdue,
    or the deadline ahead; a deadline that is moved is another occasion.

    ``due`` → ``sending`` is the claim, committed before anything is sent. ``uncertain`` are those whose
    sender was killed or whose answer got lost: they may have arrived, and are not sent again.
    """

    class Kind(models.TextChoices):
        ASSIGNED = "assigned"
        UNASSIGNED = "unassigned"
        COMPLETED = "completed"
        DAY_BEFORE = "day_before", "24 h before"
        HOUR_BEFORE = "hour_before", "1 h before"
        OVERDUE = "overdue"

    class State(models.TextChoices):
        DUE = "due"
        SENDING = "sending"
        SENT = "sent"
        GIVEN_UP = "given_up"
        UNCERTAIN = "uncertain"
        OBSOLETE = "obsolete"

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="task_notices", db_index=False
    )
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="notices", null=True, blank=True)
    kind = models.CharField(max_length=11, choices=Kind)
    occasion = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.DUE, db_default=State.DUE)
    due_at = models.DateTimeField(default=timezone.now, db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    channel = models.CharField(max_length=8, blank=True, default="", db_default="")
    error = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    changed_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "kind", "occasion", "task"], name="one_notice_per_occasion"
            ),
            models.UniqueConstraint(
                fields=["recipient", "occasion"],
                name="one_overdue_notice_per_occasion",
                condition=models.Q(kind="overdue"),
            ),
            models.CheckConstraint(
                condition=models.Q(kind="overdue", task__isnull=True)
                | (~models.Q(kind="overdue") & models.Q(task__isnull=False)),
                name="notice_of_one_task_unless_overdue",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="notice_due", condition=models.Q(state="due")),
            models.Index(fields=["changed_at"], name="notice_sending", condition=models.Q(state="sending")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.recipient}"
