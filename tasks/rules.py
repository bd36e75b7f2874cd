"""What a task's values must be within its list: one place for single tasks and for many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.names import name_key
from tasks.models import NO_DEADLINE, NOT_ON_THE_TEAM, TASK_NAME_TAKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.models import Task
    from tasks.selectors import TeamFacts


def broken_rules(task: Task | None, values: Mapping[str, Any], facts: TeamFacts) -> dict[str, list[str]]:
    """Return the errors by field of new values for a task, or for a new task.

    An assignee who has since become inactive may stay. A new one must be active.
    """
    errors = {}
    repeat, deadline = (values.get(name, getattr(task, name, None)) for name in ("repeat", "deadline"))
    if repeat and deadline is None:
        errors["repeat"] = [str(NO_DEADLINE)]
    if "name" in values and not (task and task.repeated):
        bearer = facts.names.get(name_key(values["name"]))
        if bearer is not None and not (task and bearer == task.pk):
            errors["name"] = [str(TASK_NAME_TAKEN)]
    assignee = values.get("assigned_to_id")
    if assignee is not None and not (task and assignee == task.assigned_to_id) and assignee not in facts.team:
        errors["assigned_to"] = [str(NOT_ON_THE_TEAM)]
    return errors
