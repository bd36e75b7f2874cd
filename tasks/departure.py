"""What becomes of the task lists of a user who deletes the account (core/personal_data.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.names import same_name
from core.personal_data import before_erasure
from tasks.actions import hand_over
from tasks.models import MAX_NAME_LENGTH, TaskList

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@before_erasure
def hand_over_lists(user: User) -> None:
    """Hand each list of the user to its first active member. A list without one is deleted with the user."""
    for task_list in TaskList.objects.filter(owner=user).order_by("pk").select_for_update(no_key=True):
        heir = task_list.members.filter(is_active=True).order_by("pk").first()
        if heir is None:
            continue
        if same_name(TaskList.objects.filter(owner=heir), task_list.name).exists():
            number = f" ({task_list.pk})"
            task_list.name = task_list.name[: MAX_NAME_LENGTH - len(number)] + number
            task_list.save(update_fields=["name"])
        hand_over(task_list=task_list, to=heir)
