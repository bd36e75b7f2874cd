"""What becomes of the task lists of a user whose account is deleted (core/personal_data.py)."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.utils.translation import gettext

from core.names import name_key
from core.personal_data import before_erasure
from tasks.actions import hand_over
from tasks.models import MAX_NAME_LENGTH, TaskList

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet


def describe(user: User) -> Iterator[str]:
    """Yield what becomes of each list of the user."""
    for task_list in TaskList.objects.filter(owner=user).order_by("pk"):
        heir = _heirs_of(task_list).first()
        text = gettext("The list %(name)s goes to %(heir)s, with its tasks.")
        if heir is None:
            text = gettext("The list %(name)s is deleted with its tasks: it has no other active member.")
        yield text % {"name": task_list.name, "heir": heir}


@before_erasure(describe=describe)
def hand_over_lists(user: User) -> None:
    """Hand each list of the user to its first active member. A list without one is deleted with the user.

    A member whose account is being deleted at this moment is waited for, and passed over.
    """
    for task_list in TaskList.objects.filter(owner=user).order_by("pk").select_for_update(no_key=True):
        heir = _heirs_of(task_list).select_for_update(of=("self",), no_key=True).first()
        if heir is not None:
            name = _free_name(task_list, heir)
            if name != task_list.name:
                task_list.name = name
                task_list.save(update_fields=["name"])
            hand_over(task_list=task_list, to=heir)


def _heirs_of(task_list: TaskList) -> QuerySet[User]:
    members = User.objects.filter(shared_task_lists=task_list, is_active=True)
    return members.exclude(pk=task_list.owner_id).order_by("pk")


def _free_name(task_list: TaskList, heir: User) -> str:
    """Return the list's name, with a number if the heir has a list of that name."""
    taken = {name_key(name) for name in TaskList.objects.filter(owner=heir).values_list("name", flat=True)}
    name = str(task_list.name)
    numbers = count(task_list.pk)
    while name_key(name) in taken:  # ends after as many numbers as the heir has lists
        number = f" ({next(numbers)})"
        name = task_list.name[: MAX_NAME_LENGTH - len(number)] + number
    return name
