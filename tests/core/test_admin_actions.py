"""Every action of the admin's lists is in the history of what it changes, in constant queries."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from courses.models import Course
from messaging.models import OutgoingMessage
from services.models import Plan, Service, Subscription
from tasks.models import Status, Task
from tests.courses.factories import CourseFactory
from tests.factories import UserFactory
from tests.messaging.factories import MessageFactory
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory
from tests.tasks.factories import TaskFactory

pytestmark = pytest.mark.django_db

# Each action with what makes a row that it changes.
ACTIONS = {
    (Course, "publish"): lambda: CourseFactory(is_published=False),
    (Course, "withdraw"): CourseFactory,
    (OutgoingMessage, "send_again"): lambda: MessageFactory(
        user=UserFactory(), state=OutgoingMessage.State.UNCERTAIN
    ),
    (Plan, "recalculate"): PlanFactory,
    (Service, "recalculate"): ServiceFactory,
    (Subscription, "recalculate"): SubscriptionFactory,
    (Subscription, "recalculate_single"): SubscriptionFactory,
    (Task, "complete"): TaskFactory,
    (Task, "reopen"): lambda: TaskFactory(status=Status.COMPLETED, completed_at="2030-01-01T00:00Z"),
    (User, "send_verification_mail"): lambda: UserFactory(verified=False),
}
# These send or change each row by statements of its own, and are for few.
ONE_BY_ONE = {(Task, "complete"), (Task, "reopen"), (User, "send_verification_mail")}


def run(client, model, action, rows):
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    body = {"action": action, "_selected_action": [row.pk for row in rows]}
    with CaptureQueriesContext(connection) as captured:
        assert client.post(address, body).status_code == 302
    return len(captured)


def changed_by(rows, action):
    """Return the rows in whose history an action is."""
    return [row.service for row in rows] if action == (Subscription, "recalculate") else rows


def test_no_action_is_missing_here():
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    known = {
        (model, name) for model, page in admin.site._registry.items() for name in page.get_actions(request)
    }
    assert {(model, name) for model, name in known if name != "delete_selected"} == set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda each: f"{each[0].__name__}-{each[1]}")
def test_an_action_is_in_the_history_of_each_row(admin_client, admin_user, action):
    rows = [ACTIONS[action]() for _ in range(3)]
    run(admin_client, *action, rows[:2])
    entries = LogEntry.objects.filter(user=admin_user, action_flag=CHANGE)
    changed = changed_by(rows[:2], action)
    assert sorted(entry.object_repr for entry in entries) == sorted(str(row) for row in changed)
    opts = changed[0]._meta
    text = entries[0].get_change_message()
    page = f"/admin/{opts.app_label}/{opts.model_name}/{changed[0].pk}/history/"
    assert text in admin_client.get(page).content.decode()
    assert text in admin_client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    "action",
    [each for each in ACTIONS if each not in ONE_BY_ONE],
    ids=lambda each: f"{each[0].__name__}-{each[1]}",
)
def test_an_action_costs_the_same_for_1_and_45_rows(admin_client, action):
    make = ACTIONS[action]
    run(admin_client, *action, [make()])  # the first learns the content types
    numbers = (1, 45)  # a page has 50
    costs = [run(admin_client, *action, [make() for _ in range(number)]) for number in numbers]
    if action[1] != "recalculate":
        assert LogEntry.objects.count() == 47
    assert costs[0] == costs[1]


def test_deletion_is_in_the_history_by_django(admin_client):
    rows = [ServiceFactory() for _ in range(2)]
    body = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}
    admin_client.post("/admin/services/service/", body)
    entries = LogEntry.objects.values_list("object_repr", "action_flag")
    assert sorted(entries) == sorted((str(row), DELETION) for row in rows)


def test_what_changes_nothing_is_in_no_history(admin_client):
    sent = MessageFactory(state=OutgoingMessage.State.SENT)
    run(admin_client, OutgoingMessage, "send_again", [sent])
    run(admin_client, Course, "publish", [CourseFactory()])
    assert not LogEntry.objects.exists()


def test_an_action_that_fails_is_in_no_history(admin_client, own_redis):
    run(admin_client, Subscription, "recalculate_single", [SubscriptionFactory()])
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(("language", "text"), [("uk", "Надіслано знову."), ("ru", "Отправлено снова.")])
def test_the_history_is_in_the_reader_s_language(admin_client, language, text):
    message = MessageFactory(state=OutgoingMessage.State.UNCERTAIN)
    run(admin_client, OutgoingMessage, "send_again", [message])
    for page in (f"/admin/messaging/outgoingmessage/{message.pk}/history/", "/admin/"):
        shown = admin_client.get(page, headers={"Accept-Language": language}).content.decode()
        assert text in shown
