"""Task lists of a team, and its tasks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from core.names import NameField, NameKey, UniqueName

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_NAME_LENGTH = 200
LIST_NAME_TAKEN = _("You have a list of this name already.")
TASK_NAME_TAKEN = _("There is a task of this name in the list already.")
# What Django's admin and PostgreSQL can still calculate with, whatever the time zone.
MIN_DEADLINE = datetime(1970, 1, 1, tzinfo=UTC)
MAX_DEADLINE = datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)
DEADLINE_RANGE = _("A deadline must be from 1970-01-01T00:00:00Z to 2200-12-31T23:59:59Z.")
NO_DEADLINE = _("A task that repeats needs a deadline.")
NOT_ON_THE_TEAM = _("The assignee must be the list's owner or one of its members, and active.")
INACTIVE_OWNER = _("The owner must be an active user.")


def validate_deadline(moment: datetime) -> None:
    """Raise ValidationError for a deadline outside of MIN_DEADLINE to MAX_DEADLINE."""
    if not MIN_DEADLINE <= moment <= MAX_DEADLINE:
        raise ValidationError(DEADLINE_RANGE, code="deadline_range")


class TaskList(models.Model):
    name = NameField(max_length=MAX_NAME_LENGTH)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="task_lists", db_index=False
    )
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="shared_task_lists", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            UniqueName(
                "owner", NameKey("name"), name="task_list_name_key", violation_error_message=LIST_NAME_TAKEN
            ),
            models.CheckConstraint(
                condition=~models.Q(Exact(NameKey("name"), "")), name="task_list_name_visible"
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def clean(self) -> None:
        """Raise ValidationError for a new owner who is not active."""
        if self.owner_id and not self.owner.is_active and not _is_saved(self, owner=self.owner_id):
            raise ValidationError({"owner": INACTIVE_OWNER})


class Status(models.TextChoices):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    OVERDUE = "overdue"


class Repeat(models.TextChoices):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


RUNNING_STATUSES = (Status.PENDING, Status.IN_PROGRESS)
# What no status changes: an index under this condition need not follow when a task becomes overdue.
OPEN = models.Q(completed_at__isnull=True)


class Task(models.Model):
    """A task. The assignee is the list's owner or a member: actions and the admin ensure it.

    ``status`` is what was stored. A task becomes overdue by the passing of time alone, so readers use
    ``status_at`` or, in queries, ``selectors.status_now``; the stored ``overdue`` and ``overdue_at`` only
    record that its assignee's message was recorded.

    No index names ``status`` or ``overdue_at``, and the table's pages are filled by half (the migration),
    so that PostgreSQL writes a status beside the old one and touches no index (HOT): 100,000 tasks are
    marked overdue in a fifth of the time.
    """

    task_list = models.ForeignKey(TaskList, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    name = NameField(max_length=MAX_NAME_LENGTH)
    description = models.TextField(blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="assigned_tasks",
        null=True,
        blank=True,
    )
    deadline = models.DateTimeField(null=True, blank=True, validators=[validate_deadline])
    status = models.CharField(max_length=11, choices=Status, default=Status.PENDING, editable=False)
    repeat = models.CharField(max_length=7, choices=Repeat, blank=True, default="", db_default="")
    # The day of the month on which it repeats: a deadline on the 31st is on the 28th in February.
    repeat_day = models.PositiveSmallIntegerField(null=True, editable=False)
    # The next task of the series has been made, and has the name now. It is made once.
    repeated = models.BooleanField(default=False, db_default=False, editable=False)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)
    overdue_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            UniqueName(
                "task_list",
                NameKey("name"),
                name="task_name_key",
                condition=models.Q(repeated=False),
                violation_error_message=TASK_NAME_TAKEN,
            ),
            models.CheckConstraint(
                condition=models.Q(repeat="") | models.Q(repeat__in=Repeat.values, deadline__isnull=False),
                name="task_repeat_has_deadline",
                violation_error_message=NO_DEADLINE,
            ),
            models.CheckConstraint(condition=~models.Q(Exact(NameKey("name"), "")), name="task_name_visible"),
            models.CheckConstraint(
                condition=models.Q(deadline__range=(MIN_DEADLINE, MAX_DEADLINE)),
                name="task_deadline_in_range",
                violation_error_message=DEADLINE_RANGE,
            ),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="task_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(status=Status.COMPLETED, completed_at__isnull=False)
                | (~models.Q(status=Status.COMPLETED) & models.Q(completed_at__isnull=True)),
                name="task_completed_at_while_completed",
            ),
        ]
        indexes = [
            models.Index(fields=["deadline"], name="task_open_deadline", condition=OPEN),
            # Counts, filters and orders of a user's tasks read this alone, then the rows of one page.
            models.Index(
                fields=["task_list", "id"],
                include=["name", "deadline", "assigned_to", "completed_at", "created_at", "updated_at"],
                name="task_of_list",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def status_at(self, moment: datetime) -> Status:
        """Return the status at a moment: overdue as soon as the deadline has passed."""
        if self.completed_at is not None:
            return Status.COMPLETED
        if self.deadline is not None and self.deadline < moment:
            return Status.OVERDUE
        return Status.PENDING if self.status == Status.OVERDUE else Status(self.status)

    def clean(self) -> None:
        """Raise ValidationError for a new assignee who is not on the list's team.

        No constraint of the database can express that.
        """
        if not (self.assigned_to_id and self.task_list_id):
            return  # a missing list is an error of its own
        if _is_saved(self, assigned_to=self.assigned_to_id, task_list=self.task_list_id):
            return
        if self.assigned_to_id not in active_team_of(self.task_list):
            raise ValidationError({"assigned_to": NOT_ON_THE_TEAM})


def _is_saved(row: models.Model, **values: object) -> bool:
    """Return whether the database has the row with these values already."""
    return row.pk is not None and type(row)._default_manager.filter(pk=row.pk, **values).exists()


def team_of(task_list: TaskList) -> set[int]:
    """Return the ids of the list's owner and members: one query."""
    return {task_list.owner_id, *task_list.members.values_list("pk", flat=True)}


def active_team_of(task_list: TaskList) -> set[int]:
    """Return the ids of the users that tasks of the list may be assigned to: at most two queries."""
    owner: User = task_list.owner
    active = set(task_list.members.filter(is_active=True).values_list("pk", flat=True))
    return active | {owner.pk} if owner.is_active else active - {owner.pk}
