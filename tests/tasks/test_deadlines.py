"""Deadlines that pass or come near."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.models import OutgoingMessage
from messaging.tasks import deliver_due
from tasks import deadlines, tasks
from tasks.models import Task, TaskList
from tasks.notifications import iso
from tests.factories import UserFactory
from tests.support.threads import Other, at_once
from tests.tasks.factories import TaskFactory

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def due_in(delta, **values):
    return TaskFactory(deadline=timezone.now() + delta, **{"assigned_to": UserFactory(), **values})


class TestOverdue:
    def test_a_task_past_its_deadline_is_marked_and_its_assignee_notified(self):
        task = due_in(-MINUTE)
        assert deadlines.mark_overdue() == 1
        task.refresh_from_db()
        assert task.status == "overdue"
        message = OutgoingMessage.objects.get()
        assert (message.user, message.kind, message.payload) == (
            task.assigned_to,
            "tasks.overdue",
            {"event_at": iso(task.overdue_at)},
        )

    @pytest.mark.parametrize(
        "make",
        [
            lambda: due_in(MINUTE),
            lambda: due_in(-MINUTE, completed=True),
            lambda: due_in(-MINUTE, status="overdue"),
            lambda: TaskFactory(assigned_to=UserFactory()),
        ],
        ids=["ahead", "completed", "overdue already", "no deadline"],
    )
    def test_others_stay_as_they_are(self, make):
        task = make()
        assert deadlines.mark_overdue() == 0
        assert Task.objects.get().status == task.status
        assert not OutgoingMessage.objects.exists()

    def test_work_in_progress_turns_overdue_too(self):
        due_in(-MINUTE, status="in_progress")
        assert deadlines.mark_overdue() == 1

    def test_a_task_without_assignee_is_marked_without_message(self):
        due_in(-MINUTE, assigned_to=None)
        assert deadlines.mark_overdue() == 1
        assert not OutgoingMessage.objects.exists()

    def test_the_tasks_of_one_user_share_a_message(self):
        user = UserFactory()
        for _ in range(3):
            due_in(-MINUTE, assigned_to=user)
        deadlines.mark_overdue()
        assert OutgoingMessage.objects.count() == 1

    def test_a_deadline_that_is_moved_and_passes_again_notifies_again(self):
        due_in(-MINUTE)
        deadlines.mark_overdue()
        Task.objects.update(status="pending")
        deadlines.mark_overdue()
        assert OutgoingMessage.objects.count() == 2


class TestReminders:
    @pytest.mark.parametrize(
        ("ahead", "kinds"),
        [
            (25 * HOUR, []),
            (24 * HOUR - MINUTE, ["tasks.day_before"]),
            (HOUR + MINUTE, ["tasks.day_before"]),
            (HOUR - MINUTE, ["tasks.hour_before"]),
            (-MINUTE, []),
        ],
    )
    def test_a_day_before_and_an_hour_before(self, ahead, kinds):
        due_in(ahead)
        for _ in range(3):
            deadlines.remind()
        assert [message.kind for message in OutgoingMessage.objects.all()] == kinds

    def test_each_once(self):
        due_in(2 * HOUR)
        deadlines.remind()
        Task.objects.update(deadline=timezone.now() + 30 * MINUTE)
        deadlines.remind()
        kinds = OutgoingMessage.objects.values_list("kind", flat=True)
        assert sorted(kinds) == ["tasks.day_before", "tasks.hour_before"]

    @pytest.mark.parametrize("values", [{"completed": True}, {"assigned_to": None}, {"status": "overdue"}])
    def test_tasks_that_are_done_unassigned_or_overdue_have_no_reminder(self, values):
        due_in(HOUR, **values)
        assert deadlines.remind() == 0

    def test_a_new_assignee_is_reminded_too(self):
        due_in(HOUR)
        deadlines.remind()
        Task.objects.update(assigned_to=UserFactory())
        assert deadlines.remind() == 1


def test_beat_has_it_all_sent(telegram, monkeypatch):
    published = []
    monkeypatch.setattr(deliver_due, "publish", lambda: published.append(deliver_due))
    due_in(-MINUTE)
    due_in(HOUR)
    tasks.watch_deadlines()
    assert OutgoingMessage.objects.count() == 2
    assert published == [deliver_due]


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_being_changed_is_left_to_the_next_run():
    task, other = due_in(-MINUTE), due_in(-MINUTE)
    with transaction.atomic():
        Task.objects.select_for_update().get(pk=task.pk)
        assert Other(deadlines.mark_overdue).result() == 1
    other.refresh_from_db()
    assert other.status == "overdue"
    assert deadlines.mark_overdue() == 1


def many(number, assignees):
    """Tasks that are late, spread over assignees."""
    users = User.objects.bulk_create(
        User(username=f"user{n}", email=f"user{n}@example.com") for n in range(assignees)
    )
    task_list = TaskList.objects.create(name="Many", owner=users[0])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tasks_task (task_list_id, name, description, assigned_to_id, deadline, status,
                created_at, updated_at)
            SELECT %s, n, '', %s + n %% %s, now() - interval '1 minute', 'pending', now(), now()
            FROM generate_series(1, %s) n
            """,
            [task_list.pk, users[0].pk, assignees, number],
        )


@pytest.mark.django_db(transaction=True)
def test_however_many_beats_run_each_assignee_is_notified_once():
    many(2_000, assignees=100)
    at_once(*[deadlines.mark_overdue] * 6)
    assert Task.objects.filter(status="overdue").count() == 2_000
    recipients = sorted(OutgoingMessage.objects.values_list("user", flat=True))
    assert recipients == sorted(set(Task.objects.values_list("assigned_to", flat=True)))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_100_000_tasks_mark_overdue_in_one_statement():
    many(100_000, assignees=1_000)
    with CaptureQueriesContext(connection) as captured:
        assert deadlines.mark_overdue() == 100_000
    # In autocommit the engine puts a transaction around it, so that there is a commit.
    assert [query["sql"].split()[0] for query in captured if query["sql"] not in {"BEGIN", "COMMIT"}] == [
        "WITH"
    ]
    assert OutgoingMessage.objects.count() == 1_000
