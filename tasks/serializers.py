"""What the API takes and gives. People are ids; ``user/<id>/`` tells their names."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers

from api.params import BIGGEST_ID
from tasks.models import NAME_CHARACTERS, Task, TaskList

MOST_MEMBERS = 200
MOST_ROWS = 100
DESCRIPTION_CHARACTERS = 10_000

NAME_TAKEN = "You have a list of this name already."
TASK_NAME_TAKEN = "There is a task of this name in the list already."
NOT_ON_THE_TEAM = "The assignee must be the list's owner or one of its members."


class IdField(serializers.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=BIGGEST_ID, **kwargs)


class MembersField(serializers.ListField):
    """Ids of users, in any order."""

    child = IdField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_MEMBERS, **kwargs)

    def to_internal_value(self, data: Any) -> list[int]:
        asked = set(super().to_internal_value(data))
        known = set(User.objects.filter(pk__in=asked, is_active=True).values_list("pk", flat=True))
        if asked - known:
            unknown = ", ".join(map(str, sorted(asked - known)))
            raise serializers.ValidationError(f"must be ids of users; there are none with: {unknown}")
        return sorted(known)

    def to_representation(self, members: Any) -> list[int]:
        return sorted(user.pk for user in members.all())


class TaskListSerializer(serializers.ModelSerializer[TaskList]):
    """To write, ``context`` needs the list's ``owner``."""

    members = MembersField(required=False)

    class Meta:
        model = TaskList
        fields = ["id", "name", "owner", "members", "created_at", "updated_at"]
        read_only_fields = ["owner"]

    def validate_name(self, name: str) -> str:
        same = TaskList.objects.filter(owner=self.context["owner"], name=name)
        if same.exclude(pk=getattr(self.instance, "pk", None) or 0).exists():
            raise serializers.ValidationError(NAME_TAKEN)
        return name


class TaskSerializer(serializers.ModelSerializer[Task]):
    """To write, ``context`` needs the list's ``team`` (ids) and ``names``: of its tasks, with their ids."""

    assigned_to = IdField(source="assigned_to_id", allow_null=True, required=False)

    class Meta:
        model = Task
        fields = [
            "id",
            "task_list",
            "name",
            "description",
            "assigned_to",
            "deadline",
            "status",
            "completed_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["task_list", "status", "completed_at"]
        extra_kwargs = {"description": {"max_length": DESCRIPTION_CHARACTERS}}

    def validate_name(self, name: str) -> str:
        bearer = self.context["names"].get(name)
        if bearer is not None and bearer != (self.instance and self.instance.pk):
            raise serializers.ValidationError(TASK_NAME_TAKEN)
        return name

    def validate_assigned_to(self, pk: int | None) -> int | None:
        if pk is not None and pk not in self.context["team"]:
            raise serializers.ValidationError(NOT_ON_THE_TEAM)
        return pk


class RowKeySerializer(serializers.Serializer[Any]):
    """Which task a row of a bulk is about."""

    id = IdField(required=False, help_text="Changes this task; the other fields are as in a PATCH.")
    task_list = IdField(required=False, help_text="Makes a task in this list; name is required.")

    def validate(self, attrs: dict[str, int]) -> dict[str, int]:
        if len(attrs) != 1:
            raise serializers.ValidationError("needs either id or task_list")
        return attrs


class BulkSerializer(serializers.Serializer[Any]):
    tasks = serializers.ListField(child=serializers.DictField(), allow_empty=False, max_length=MOST_ROWS)


class BulkRowSerializer(RowKeySerializer):
    """A row for the schema: RowKeySerializer and TaskSerializer read it one after the other."""

    name = serializers.CharField(max_length=NAME_CHARACTERS, required=False)
    description = serializers.CharField(max_length=DESCRIPTION_CHARACTERS, required=False)
    assigned_to = IdField(allow_null=True, required=False)
    deadline = serializers.DateTimeField(allow_null=True, required=False)


class BulkRequestSerializer(serializers.Serializer[Any]):
    tasks = BulkRowSerializer(many=True)


class BulkResponseSerializer(serializers.Serializer[Any]):
    tasks = TaskSerializer(many=True, help_text="In the order of the request.")
