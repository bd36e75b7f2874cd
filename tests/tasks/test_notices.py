"""Who is told what, and when there is nothing to say any more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tasks.models import Notice, Status, Task
from tasks.notices import compose
from tasks.tasks import forget_old_notices
from tests.factories import UserFactory
from tests.tasks.factories import NoticeFactory, TaskFactory

pytestmark = pytest.mark.django_db

Kind = Notice.Kind


def told():
    """Who has been told what, and forget it."""
    rows = sorted(Notice.objects.values_list("recipient__username", "kind"))
    Notice.objects.all().delete()
    return rows


@pytest.fixture
def change(team):
    def patch(data, who="owner"):
        answer = team.clients[who].patch(f"/api/v1/tasks/{team.task.pk}/", data, "json")
        assert answer.status_code == 200
        return told()

    return patch


def test_a_new_task_is_told_to_its_assignee(team):
    address = f"/api/v1/lists/{team.list.pk}/tasks/"
    team.clients["member"].post(address, {"name": "New", "assigned_to": team.assignee.pk}, "json")
    assert told() == [("assignee", "assigned")]


def test_nobody_is_told_of_what_he_did_himself(team):
    address = f"/api/v1/lists/{team.list.pk}/tasks/"
    team.clients["member"].post(address, {"name": "New", "assigned_to": team.member.pk}, "json")
    assert told() == []


def test_reassigning_is_told_to_both(team, change):
    assert change({"assigned_to": team.member.pk}) == [("assignee", "unassigned"), ("member", "assigned")]
    assert change({"assigned_to": team.owner.pk}) == [("member", "unassigned")]
    assert change({"assigned_to": None}) == []


def test_who_gets_a_task_back_is_told_again(team, change):
    change({"assigned_to": team.member.pk})
    assert ("assignee", "assigned") in change({"assigned_to": team.assignee.pk})


def test_what_is_no_reassignment_is_not_told(team, change):
    assert change({"description": "x", "assigned_to": team.assignee.pk}) == []


@pytest.mark.parametrize(
    ("who", "expected"), [("assignee", [("owner", "completed")]), ("owner", [("assignee", "completed")])]
)
def test_completing_is_told_to_the_others_once(team, who, expected):
    for _ in range(2):
        team.clients[who].post(f"/api/v1/tasks/{team.task.pk}/complete/")
    assert told() == expected


def test_a_bulk_tells_each_row(team):
    rows = [{"task_list": team.list.pk, "name": f"{n}", "assigned_to": team.member.pk} for n in range(3)]
    team.clients["owner"].post("/api/v1/tasks/bulk/", {"tasks": rows}, "json")
    assert told() == [("member", "assigned")] * 3


def test_a_message_names_the_task_its_list_and_its_deadline(team):
    deadline = timezone.now() + timedelta(hours=3)
    Task.objects.update(deadline=deadline)
    team.task.refresh_from_db()
    message = compose(NoticeFactory(task=team.task, recipient=team.assignee))
    assert message.subject == "A task for you: Write"
    assert message.text == f"Write (Launch), due {deadline:%Y-%m-%d %H:%M} UTC"


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("kind", "changes", "is_said"),
    [
        (Kind.ASSIGNED, {}, True),
        (Kind.ASSIGNED, {"status": "completed"}, False),
        (Kind.ASSIGNED, {"assigned_to": None}, False),
        (Kind.UNASSIGNED, {}, False),
        (Kind.UNASSIGNED, {"assigned_to": None}, True),
        (Kind.UNASSIGNED, {"assigned_to": None, "status": "completed"}, False),
        (Kind.COMPLETED, {}, False),
        (Kind.COMPLETED, {"status": "completed"}, True),
        (Kind.HOUR_BEFORE, {}, True),
        (Kind.DAY_BEFORE, {"status": "in_progress"}, True),
        (Kind.DAY_BEFORE, {"status": "completed"}, False),
        (Kind.DAY_BEFORE, {"assigned_to": None}, False),
        (Kind.DAY_BEFORE, {"deadline": DAY * 2}, False),
        (Kind.DAY_BEFORE, {"deadline": None}, False),
        (Kind.HOUR_BEFORE, {"deadline": -DAY, "occasion": -DAY}, False),
    ],
)
def test_only_what_is_still_so_is_said(team, kind, changes, is_said):
    now = timezone.now()

    def moment(value):
        return value and now + value

    task, completed = team.task, changes.get("status") == Status.COMPLETED
    task.status = changes.get("status", task.status)
    task.completed_at = now + DAY if completed else None
    task.assigned_to = changes.get("assigned_to", task.assigned_to)
    task.deadline = moment(changes.get("deadline", DAY))
    task.save()
    occasion = moment(changes.get("occasion", DAY))
    notice = NoticeFactory(task=task, recipient=team.assignee, kind=kind, occasion=occasion)
    assert (compose(notice) is not None) == is_said


def test_who_is_not_active_any_more_is_told_nothing(team):
    team.assignee.is_active = False
    assert compose(NoticeFactory(task=team.task, recipient=team.assignee)) is None


class TestOverdue:
    @pytest.fixture(autouse=True)
    def _late(self):
        self.user, self.now = UserFactory(), timezone.now()

    def late(self, number, **changes):
        values = {"status": "overdue", "overdue_at": self.now, "deadline": self.now - DAY, **changes}
        return TaskFactory.create_batch(number, assigned_to=self.user, **values)

    def said(self):
        return compose(NoticeFactory(recipient=self.user, task=None, kind=Kind.OVERDUE, occasion=self.now))

    def test_one_task_is_named_in_the_subject(self):
        [task] = self.late(1)
        assert self.said().subject == f"Overdue: {task.name}"

    def test_several_are_counted_and_listed(self):
        tasks = self.late(3)
        message = self.said()
        assert message.subject == "Overdue: 3 tasks"
        assert [line.split(" (")[0] for line in message.text.splitlines()] == [t.name for t in tasks]

    def test_many_are_counted_and_fit_into_a_message(self):
        self.late(100, description="x")
        Task.objects.update(name=_long_name())
        message = self.said()
        assert message.subject == "Overdue: 100 tasks"
        assert message.text.endswith("… and 80 more")

    def test_others_are_not_told_again(self):
        self.late(1, overdue_at=self.now - DAY)
        self.late(1, status="pending", overdue_at=None)
        self.late(1, status="completed", completed_at=self.now)
        assert self.said() is None


def _long_name():
    from django.db.models import F, TextField, Value
    from django.db.models.functions import Cast, Concat

    return Concat(Value("n" * 150), Cast(F("pk"), TextField()))


def test_what_was_dealt_with_long_ago_is_forgotten():
    long_ago = timezone.now() - timedelta(days=91)
    for state in Notice.State:
        NoticeFactory(state=state, changed_at=long_ago)
        NoticeFactory(state=state)
    forget_old_notices()
    kept = Notice.objects.filter(changed_at=long_ago).values_list("state", flat=True)
    assert set(kept) == {Notice.State.DUE, Notice.State.SENDING}
    assert Notice.objects.exclude(changed_at=long_ago).count() == len(Notice.State)
