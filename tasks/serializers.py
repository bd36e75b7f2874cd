"""What the API takes and gives. Beside each id of a user or a list is its name."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.names import find_user
from api.fields import IdField
from api.serializers import ModelSerializer, Serializer
from core.names import MAX_NORMALIZED, display_name, same_name
from tasks.actions import MAX_MEMBERS
from tasks.models import DEADLINE_RANGE, LIST_NAME_TAKEN, Repeat, Status, Task, TaskList
from tasks.rules import broken_rules
from tasks.selectors import team_facts

MAX_ROWS = 100
NO_USER = "There is no active user of this name."
NO_MEMBER = "Must be the username of a member of the list."
MAX_DESCRIPTION_LENGTH = 10_000
REPEAT_HELP = (
    "Completing the task makes the next one, with the next deadline that is in the future. A task that "
    "repeats needs a deadline. A monthly series keeps its day: 31 January, 28 February, 31 March."
)
TASK_FIELDS: dict[str, dict[str, Any]] = {
    "name": {"help_text": "Unique within the list, whatever the letter case."},
    "description": {"max_length": MAX_DESCRIPTION_LENGTH, "help_text": "Any text."},
    "deadline": {"error_messages": {"overflow": DEADLINE_RANGE}, "help_text": DEADLINE_RANGE},
}


@extend_schema_field({"type": "string", "nullable": True, "readOnly": True})
class UserNameField(serializers.Field):  # type: ignore[type-arg]  # no such thing at run time
    """The name of a user to show: the full name, or the username."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: User) -> str:
        return display_name(value)


class RepeatField(serializers.ChoiceField):
    """How often a task repeats; null for one that does not."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Repeat.values, allow_null=True, required=False, help_text=REPEAT_HELP, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return "" if value is None else value

    def to_representation(self, value: str) -> Any:
        return value or None


class MembersField(serializers.ListField):
    """Ids of users, in any order. More than ``max_length`` are refused before each is validated."""

    child = IdField()

    def to_internal_value(self, data: Any) -> list[int]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            raise serializers.ValidationError(f"Must be at most {self.max_length} ids.")
        members: list[int] = super().to_internal_value(data)
        return members

    def to_representation(self, members: Any) -> list[int]:
        return sorted(user.pk for user in members.all())


class TaskListSerializer(ModelSerializer[TaskList]):
    """A list. For a new one, ``context`` needs its ``owner`` (an id)."""

    accepts_unchanged = True
    members = MembersField(
        max_length=MAX_MEMBERS,
        required=False,
        help_text="Ids of users, who may read the list and create tasks. Its owner is none of them.",
    )

    owner_name = UserNameField(source="owner", help_text="The owner's full name, or username.")

    class Meta:
        model = TaskList
        fields = ["id", "name", "owner", "owner_name", "members", "created_at", "updated_at"]
        read_only_fields = ["owner"]
        extra_kwargs = {
            "name": {"help_text": "Unique among the owner's lists, whatever the letter case."},
            "owner": {"help_text": "The id of the user who owns the list."},
            "created_at": {"help_text": "When the list was created."},
            "updated_at": {"help_text": "When the list was last changed."},
        }

    @property
    def owner_id(self) -> int:
        owner: int = self.instance.owner_id if self.instance else self.context["owner"]
        return owner

    def validate_name(self, name: str) -> str:
        same = same_name(TaskList.objects.filter(owner=self.owner_id), name)
        if same.exclude(pk=getattr(self.instance, "pk", None) or 0).exists():
            raise serializers.ValidationError(LIST_NAME_TAKEN)
        return name

    def validate_members(self, members: list[int]) -> list[int]:
        """Return the members without the owner. Those who have become inactive since may stay."""
        asked = set(members) - {self.owner_id}
        known = set(User.objects.filter(pk__in=asked, is_active=True).values_list("pk", flat=True))
        if self.instance and asked - known:
            known |= {user.pk for user in self.instance.members.all()}
        if asked - known:
            unknown = ", ".join(map(str, sorted(asked - known)))
            raise serializers.ValidationError(f"Must be ids of active users. These are not: {unknown}.")
        return sorted(asked)


class StatusField(serializers.ChoiceField):
    """The status at the moment of the request (``now`` of the context)."""

    def get_attribute(self, instance: Task) -> Status:
        return instance.status_at(self.context.get("now") or timezone.now())


class TaskSerializer(ModelSerializer[Task]):
    """A task. For a new one, ``context`` needs its ``task_list``."""

    accepts_unchanged = True
    assigned_to = IdField(
        source="assigned_to_id",
        allow_null=True,
        required=False,
        help_text="The id of the assignee: the list's owner or one of its active members.",
    )
    assigned_to_name = UserNameField(
        source="assigned_to",
        allow_null=True,
        help_text="The assignee's full name, or username; null without one.",
    )
    task_list_name = serializers.CharField(
        source="task_list.name", read_only=True, help_text="The name of its list."
    )
    repeat = RepeatField()
    status = StatusField(
        Status.choices, read_only=True, help_text="`overdue` as soon as the deadline has passed."
    )

    class Meta:
        model = Task
        fields = [
            "id",
            "task_list",
            "task_list_name",
            "name",
            "description",
            "assigned_to",
            "assigned_to_name",
            "deadline",
            "repeat",
            "repeated",
            "status",
            "completed_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["task_list", "repeated", "completed_at"]
        extra_kwargs = {
            **TASK_FIELDS,
            "task_list": {"help_text": "The id of its list."},
            "repeated": {"help_text": "Whether completing it has made the next task of the series."},
            "completed_at": {"help_text": "When the task was completed; null while it is open."},
            "created_at": {"help_text": "When the task was created."},
            "updated_at": {"help_text": "When the task was last changed."},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        task_list = self.instance.task_list if self.instance else self.context["task_list"]
        facts = team_facts([task_list], [attrs["name"]] if "name" in attrs else [])[task_list.pk]
        if errors := broken_rules(self.instance, attrs, facts):
            raise serializers.ValidationError(errors)
        return attrs


class TaskBulkRowSerializer(ModelSerializer[Task]):
    """A row of many: with ``id`` it changes that task, with ``task_list`` it creates one."""

    id = IdField(required=False, help_text="Changes this task; fields that are missing stay as they are.")
    task_list = IdField(required=False, help_text="Creates a task in this list; `name` is required.")
    assigned_to = IdField(
        source="assigned_to_id", allow_null=True, required=False, help_text="The id of the assignee."
    )
    repeat = RepeatField()

    class Meta:
        model = Task
        fields = ["id", "task_list", "name", "description", "assigned_to", "deadline", "repeat"]
        extra_kwargs = {**TASK_FIELDS, "name": {**TASK_FIELDS["name"], "required": False}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("id" in attrs) == ("task_list" in attrs):
            raise serializers.ValidationError("Needs either id or task_list.")
        if "task_list" in attrs and "name" not in attrs:
            raise serializers.ValidationError({"name": "This field is required."})
        return attrs


class TaskBulkSerializer(Serializer):
    tasks: Any = serializers.ListSerializer(
        child=TaskBulkRowSerializer(), allow_empty=False, max_length=MAX_ROWS, help_text="1 to 100 rows."
    )


class TaskBulkResponseSerializer(Serializer):
    tasks = TaskSerializer(many=True, help_text="In the order of the request.")


class MemberSerializer(Serializer):
    """A user, by the username."""

    username = serializers.CharField(
        max_length=MAX_NORMALIZED, help_text="Of an active user; `users/?search=` finds it."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user = find_user(attrs["username"])
        if user is None or not user.is_active:
            raise serializers.ValidationError({"username": NO_USER})
        return {"user": user}


class OwnerSerializer(MemberSerializer):
    """The next owner of the list of the ``context``: one of its members."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        valid = super().validate(attrs)
        if not self.context["task_list"].members.filter(pk=valid["user"].pk).exists():
            raise serializers.ValidationError({"username": NO_MEMBER})
        return valid
