"""Who is notified of what, and when a message no longer holds."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging import dispatch
from messaging.composers import compose
from messaging.models import OutgoingMessage
from tasks import deadlines
from tasks.actions import save_list
from tasks.models import Status, Task
from tasks.notifications import Kind, unsent_messages_of_assignment
from tests.factories import UserFactory
from tests.support.threads import Other
from tests.tasks.factories import TaskFactory, TaskMessageFactory

pytestmark = pytest.mark.django_db

State = OutgoingMessage.State


def notified():
    """Return who was notified of what, and delete it."""
    rows = sorted(OutgoingMessage.objects.values_list("user__username", "kind"))
    OutgoingMessage.objects.all().delete()
    return rows


@pytest.fixture
def change(team):
    def patch(data, who="owner"):
        answer = team.clients[who].patch(f"/api/v1/tasks/{team.task.pk}/", data, "json")
        assert answer.status_code == 200
        return notified()

    return patch


def test_a_new_task_notifies_its_assignee(team):
    address = f"/api/v1/lists/{team.list.pk}/tasks/"
    team.clients["member"].post(address, {"name": "New", "assigned_to": team.assignee.pk}, "json")
    assert notified() == [("assignee", "tasks.assigned")]


def test_an_actor_is_not_notified_of_their_own_change(team):
    address = f"/api/v1/lists/{team.list.pk}/tasks/"
    team.clients["member"].post(address, {"name": "New", "assigned_to": team.member.pk}, "json")
    assert notified() == []


def test_reassigning_notifies_both(team, change):
    assert change({"assigned_to": team.member.pk}) == [
        ("assignee", "tasks.unassigned"),
        ("member", "tasks.assigned"),
    ]
    assert change({"assigned_to": team.owner.pk}) == [("member", "tasks.unassigned")]
    assert change({"assigned_to": None}) == []


def test_a_user_who_gets_a_task_back_is_notified_again(team, change):
    change({"assigned_to": team.member.pk})
    assert ("assignee", "tasks.assigned") in change({"assigned_to": team.assignee.pk})


def test_a_change_without_reassignment_notifies_no_user(team, change):
    assert change({"description": "x", "assigned_to": team.assignee.pk}) == []


@pytest.mark.parametrize(
    ("who", "expected"),
    [("assignee", [("owner", "tasks.completed")]), ("owner", [("assignee", "tasks.completed")])],
)
def test_completing_notifies_the_others_once(team, who, expected):
    for _ in range(2):
        team.clients[who].post(f"/api/v1/tasks/{team.task.pk}/complete/")
    assert notified() == expected


def test_a_bulk_tells_each_row(team):
    rows = [{"task_list": team.list.pk, "name": f"{n}", "assigned_to": team.member.pk} for n in range(3)]
    team.clients["owner"].post("/api/v1/tasks/bulk/", {"tasks": rows}, "json")
    assert notified() == [("member", "tasks.assigned")] * 3


def test_a_message_names_the_task_its_list_and_its_deadline(team):
    deadline = timezone.now() + timedelta(hours=3)
    Task.objects.update(deadline=deadline)
    team.task.refresh_from_db()
    message = compose(TaskMessageFactory(task=team.task, user=team.assignee))
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
        (Kind.HOUR_BEFORE, {"deadline": -DAY, "event_at": -DAY}, False),
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
    event_at = moment(changes.get("event_at", DAY))
    message = TaskMessageFactory(task=task, user=team.assignee, kind=kind, event_at=event_at)
    assert (compose(message) is not None) == is_said


def test_an_inactive_user_is_not_notified(team):
    team.assignee.is_active = False
    assert compose(TaskMessageFactory(task=team.task, user=team.assignee)) is None


class TestOverdue:
    @pytest.fixture(autouse=True)
    def _late(self):
        self.user, self.now = UserFactory(), timezone.now()

    def late(self, number, **changes):
        values = {"status": "overdue", "overdue_at": self.now, "deadline": self.now - DAY, **changes}
        return TaskFactory.create_batch(number, assigned_to=self.user, **values)

    def said(self):
        return compose(TaskMessageFactory(user=self.user, task=None, kind=Kind.OVERDUE, event_at=self.now))

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

    def test_other_tasks_are_not_named_again(self):
        self.late(1, overdue_at=self.now - DAY)
        self.late(1, status="pending", overdue_at=None)
        self.late(1, status="completed", completed_at=self.now)
        assert self.said() is None


def _long_name():
    from django.db.models import F, TextField, Value
    from django.db.models.functions import Cast, Concat

    return Concat(Value("n" * 150), Cast(F("pk"), TextField()))


def test_nothing_is_sent_of_a_completed_or_deleted_task(telegram):
    completed, deleted = TaskMessageFactory.create_batch(2)
    Task.objects.filter(pk=completed.payload["task"]).update(status="completed", completed_at=timezone.now())
    Task.objects.get(pk=deleted.payload["task"]).delete()
    assert dispatch.dispatch(OutgoingMessage.objects.all()) == 0
    assert telegram.calls == 0
    assert set(OutgoingMessage.objects.values_list("state", flat=True)) == {State.OBSOLETE}


def test_a_message_that_telegram_refuses_goes_by_mail(telegram, mailoutbox):
    message = TaskMessageFactory()
    telegram.blocked_by.add(message.user.telegram.telegram_id)
    assert dispatch.dispatch(OutgoingMessage.objects.all()) == 1
    assert [sent.to for sent in mailoutbox] == [[message.user.email]]


def queries_of_claiming():
    with CaptureQueriesContext(connection) as captured:
        claimed = dispatch.claim(OutgoingMessage.objects.all())
    assert claimed.content is not None
    return len(captured)


def test_claiming_costs_the_same_with_1_due_and_with_50():
    counts = []
    for number in (1, 50):
        TaskMessageFactory.create_batch(number)
        counts.append(queries_of_claiming())
    assert counts[0] == counts[1]


def test_claiming_costs_the_same_for_21_tasks_that_are_overdue_and_for_50():
    counts = []
    for number in (21, 50):
        message = TaskMessageFactory(kind=Kind.OVERDUE, task=None, event_at=timezone.now())
        overdue_at = datetime.fromisoformat(message.payload["event_at"])
        late = {"status": "overdue", "overdue_at": overdue_at, "deadline": overdue_at - DAY}
        TaskFactory.create_batch(number, assigned_to=message.user, **late)
        counts.append(queries_of_claiming())
    assert counts[0] == counts[1]


def test_the_messages_of_an_assignment_are_found_by_an_index(team):
    OutgoingMessage.objects.bulk_create(
        OutgoingMessage(user=team.owner, kind=Kind.ASSIGNED, dedupe_key=f"{Kind.ASSIGNED}:{number}:1")
        for number in range(10_000_000, 10_003_000)
    )
    with CaptureQueriesContext(connection) as captured:
        assert list(unsent_messages_of_assignment(team.task)) == []
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messaging_outgoingmessage")
        cursor.execute(f"EXPLAIN {captured[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.count("Index Cond: (((dedupe_key)::text ~>=~") == 2, plan


class TestObsoleteOnes:
    """What no longer held when it was claimed, and then holds again, is sent once."""

    @pytest.fixture(autouse=True)
    def _assigned(self, team, telegram):
        self.telegram = telegram
        self.team, self.client = team, team.clients["owner"]
        data = {"name": "New", "assigned_to": team.assignee.pk}
        made = self.client.post(f"/api/v1/lists/{team.list.pk}/tasks/", data, "json").json()
        self.task = Task.objects.get(pk=made["id"])

    def act(self, action):
        assert self.client.post(f"/api/v1/tasks/{self.task.pk}/{action}/").status_code == 200

    def change(self, **data):
        assert self.client.patch(f"/api/v1/tasks/{self.task.pk}/", data, "json").status_code == 200

    def deliver(self):
        dispatch.dispatch(OutgoingMessage.objects.all())
        return [(message.to[0].split("@")[0], message.subject) for message in mail.outbox]

    def test_completed_and_reopened_before_it_was_sent(self):
        self.act("complete")
        assert self.deliver() == [("assignee", "Completed: New")]
        self.act("reopen")
        for _ in range(2):
            assert self.deliver()[1:] == [("assignee", "A task for you: New")]
        self.act("complete")
        self.act("reopen")
        assert len(self.deliver()) == 2

    def test_completed_and_reopened_before_any_sender_saw_it(self):
        self.act("complete")
        self.act("reopen")
        for _ in range(2):
            assert self.deliver() == [("assignee", "A task for you: New")]

    def test_taken_away_and_given_back_is_sent_once(self):
        self.change(assigned_to=None)
        assert self.deliver() == [("assignee", "No longer your task: New")]
        self.change(assigned_to=self.team.assignee.pk)
        self.change(description="x")
        for _ in range(2):
            assert self.deliver()[1:] == [("assignee", "A task for you: New")]

    def test_taken_away_and_given_back_before_any_was_sent_is_sent_once(self):
        self.change(assigned_to=None)
        self.change(assigned_to=self.team.assignee.pk)
        for _ in range(2):
            assert self.deliver() == [("assignee", "A task for you: New")]

    def test_assigned_while_completed_and_then_reopened(self):
        self.deliver()
        self.act("complete")
        self.change(assigned_to=self.team.member.pk)
        self.deliver()
        self.act("reopen")
        for _ in range(2):
            assert sorted(self.deliver()[2:]) == [
                ("assignee", "No longer your task: New"),
                ("member", "A task for you: New"),
            ]

    def test_a_reminder_of_a_deadline_that_comes_back(self):
        self.deliver()
        deadline = timezone.now() + timedelta(hours=3)
        self.change(deadline=deadline)
        deadlines.remind()
        self.change(deadline=deadline + DAY * 3)
        assert len(self.deliver()) == 1
        self.change(deadline=deadline)
        for _ in range(2):
            deadlines.remind()
            assert self.deliver()[1:] == [("assignee", "Due within 24 hours: New")]

    def test_an_inactive_assignee_is_not_reminded_until_active_again(self):
        self.deliver()
        self.change(deadline=timezone.now() + timedelta(hours=3))
        User.objects.filter(pk=self.team.assignee.pk).update(is_active=False)
        assert deadlines.remind() == 0
        User.objects.filter(pk=self.team.assignee.pk).update(is_active=True)
        assert deadlines.remind() == 1


class TestMembersWhoAreRemoved:
    """Their tasks are unassigned, and they are notified as by reassignment."""

    def test_over_the_api(self, team):
        address = f"/api/v1/lists/{team.list.pk}/"
        etag = team.clients["owner"].get(f"/api/v1/tasks/{team.task.pk}/")["ETag"]
        team.clients["owner"].patch(address, {"members": [team.member.pk]}, "json")
        assert notified() == [("assignee", "tasks.unassigned")]
        assert team.clients["owner"].get(f"/api/v1/tasks/{team.task.pk}/")["ETag"] != etag

    def test_in_the_admin(self, team, admin_client):
        form = {"name": "Launch", "owner": team.owner.pk, "members": [team.member.pk]}
        assert admin_client.post(f"/admin/tasks/tasklist/{team.list.pk}/change/", form).status_code == 302
        assert notified() == [("assignee", "tasks.unassigned")]

    def test_of_completed_tasks_only_if_they_are_reopened(self, team, telegram):
        team.clients["assignee"].post(f"/api/v1/tasks/{team.task.pk}/complete/")
        team.clients["owner"].patch(f"/api/v1/lists/{team.list.pk}/", {"members": []}, "json")
        dispatch.dispatch(OutgoingMessage.objects.all())
        assert [message.subject for message in mail.outbox] == ["Completed: Write"]
        team.clients["owner"].post(f"/api/v1/tasks/{team.task.pk}/reopen/")
        dispatch.dispatch(OutgoingMessage.objects.all())
        assert [message.subject for message in mail.outbox][1:] == ["No longer your task: Write"]

    def test_50_tasks_take_as_many_queries_as_1(self, team):
        def queries(members):
            save_list(task_list=team.list, members=[team.assignee.pk])
            team.list.tasks.update(assigned_to=team.assignee)
            with CaptureQueriesContext(connection) as captured:
                save_list(task_list=team.list, members=members)
            return len(captured)

        one = queries([])
        TaskFactory.create_batch(49, task_list=team.list)
        assert queries([]) == one
        assert len(notified()) == 51


@pytest.mark.django_db(transaction=True)
def test_a_task_reopened_while_its_notification_is_found_obsolete_is_sent(team):
    message = TaskMessageFactory(task=team.task, user=team.assignee)
    Task.objects.update(status="completed", completed_at=timezone.now())
    with transaction.atomic():
        dispatch.claim(OutgoingMessage.objects.all())
        other = Other(lambda: team.clients["owner"].post(f"/api/v1/tasks/{team.task.pk}/reopen/"))
        other.wait_until_it_waits()
    assert other.result().status_code == 200
    message.refresh_from_db()
    assert message.state == State.PENDING
