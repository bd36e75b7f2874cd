"""Task lists of small teams, with tasks in every state."""

from datetime import datetime, timedelta
from random import Random

from django.contrib.auth.models import User
from django.utils import timezone

from devtools.demo import users
from devtools.demo.plan import Plan
from tasks.models import Status, Task, TaskList

LISTS = {"small": 12, "large": 1_000}
PROJECTS = (
    *("Course launch", "Exam preparation", "Open day", "Study group", "Thesis", "Website"),
    *("Переклад курсу", "Дипломный проект"),
)
STEPS = (
    *("Collect ideas", "Agree on a date", "Write the outline", "Draft the first part", "Review the draft"),
    *("Prepare the slides", "Record the video", "Proofread", "Invite everybody", "Publish"),
)
MAX_MEMBERS = 4
STATUSES = (Status.COMPLETED, Status.PENDING, Status.IN_PROGRESS, Status.OVERDUE)


def fill(plan: Plan) -> int:
    people = users.students()
    now = timezone.now()
    added = 0
    for numbers in plan.missing("task lists", TaskList.objects.count(), LISTS[plan.size]):
        rngs = [plan.seeded_random("task list", number) for number in numbers]
        lists = TaskList.objects.bulk_create(
            TaskList(name=f"{one.choice(PROJECTS)} {number}", owner=people[(number - 1) % len(people)])
            for number, one in zip(numbers, rngs, strict=True)
        )
        teams = [_team(task_list, one, people) for task_list, one in zip(lists, rngs, strict=True)]
        TaskList.members.through.objects.bulk_create(
            TaskList.members.through(tasklist=task_list, user=user)
            for task_list, team in zip(lists, teams, strict=True)
            for user in team[1:]
        )
        Task.objects.bulk_create(
            _task(task_list, step, one, team, now)
            for task_list, team, one in zip(lists, teams, rngs, strict=True)
            for step in STEPS
        )
        added += len(lists)
    return added


def _team(task_list: TaskList, rng: Random, people: list[User]) -> list[User]:
    """Return the owner, then the members."""
    others = [user for user in rng.sample(people, MAX_MEMBERS + 1) if user != task_list.owner]
    return [task_list.owner, *others[: rng.randint(1, MAX_MEMBERS)]]


def _task(task_list: TaskList, name: str, rng: Random, team: list[User], now: datetime) -> Task:
    """Return a task that is due in days, not hours, so that no reminder is sent at once."""
    status = rng.choices(STATUSES, weights=(4, 4, 2, 1))[0]
    days = timedelta(days=rng.randint(3, 30), minutes=rng.randint(0, 1_439))
    is_past = status in {Status.COMPLETED, Status.OVERDUE}
    deadline = now - days if is_past else now + days
    return Task(
        task_list=task_list,
        name=name,
        description=f"{name}, for {task_list.name}.",
        assigned_to=rng.choice([None, *team]),
        deadline=deadline,
        status=status,
        completed_at=deadline if status == Status.COMPLETED else None,
        overdue_at=deadline if status == Status.OVERDUE else None,
    )
