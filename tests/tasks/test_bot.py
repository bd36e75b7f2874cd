"""The bot's commands about tasks: what they show, and that they give no more rights than the API."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from messaging.models import OutgoingMessage, TelegramAccount
from messaging.telegram.bot import SECRET_HEADER
from tasks.models import Status, Task
from tests.messaging.telegram.test_webhook import WEBHOOK, message
from tests.support.telegram import SECRET
from tests.support.threads import at_once
from tests.tasks.factories import TaskFactory, TaskListFactory

CHATS = {"owner": 700_000_001, "member": 700_000_002, "assignee": 700_000_003, "stranger": 700_000_004}


@pytest.fixture
def write(team, settings):
    """Write to the bot as one of the team, and return its answer."""
    settings.TELEGRAM_WEBHOOK_SECRET = SECRET
    for name, chat in CHATS.items():
        TelegramAccount.objects.create(user=getattr(team, name), telegram_id=chat)
    number = iter(range(1_000_000))

    def write(text, who="assignee", language="en"):
        update = message(text, sender=CHATS[who], update_id=next(number), language=language)
        answer = APIClient().post(WEBHOOK, update, "json", headers={SECRET_HEADER: SECRET})
        assert answer.status_code == 200
        assert answer.json()["chat_id"] == CHATS[who]
        assert "parse_mode" not in answer.json()  # so that nothing in a name is markup
        return answer.json()["text"]

    return write


def test_tasks_lists_ones_own_open_tasks_the_most_urgent_first(team, write):
    soon = TaskFactory(
        task_list=team.list,
        name="Soon",
        assigned_to=team.assignee,
        deadline=timezone.now() + timedelta(hours=1),
    )
    TaskFactory(task_list=team.list, name="Done", assigned_to=team.assignee, completed=True)
    TaskFactory(task_list=team.list, name="Another's", assigned_to=team.member)
    TaskFactory(task_list=TaskListFactory(), name="Left", assigned_to=team.assignee)
    lines = write("/tasks").splitlines()
    assert lines[0] == f"{soon.pk}. Soon (Launch), due {soon.deadline:%Y-%m-%d %H:%M} UTC"
    assert lines[1:3] == [f"{team.task.pk}. Write (Launch)", ""]
    assert len(lines) == 4
    assert write("/tasks", "stranger") == "You have no open tasks."


@pytest.mark.parametrize("name", ["n", "🎓" * 190])
def test_tasks_fits_a_message_and_says_how_many_more(team, write, name):
    for number in range(30):
        TaskFactory(task_list=team.list, name=f"{name} {number}", assigned_to=team.assignee)
    text = write("/tasks")
    shown = sum("(Launch)" in line for line in text.splitlines())
    assert f"… and {31 - shown} more" in text
    assert len(text.encode("utf-16-le")) <= 2 * 4096


@pytest.mark.parametrize("text", ["/done {}", "/done #{}", "/done  {}. ", "/done@syllabus_bot {}"])
def test_done_completes_as_the_api_does(team, write, text):
    assert write(text.format(team.task.pk)) == "Completed: Write"
    team.task.refresh_from_db()
    assert team.task.status == Status.COMPLETED
    assert [one.user for one in OutgoingMessage.objects.filter(kind="tasks.completed")] == [team.owner]
    assert write(text.format(team.task.pk)) == "Completed already: Write"


@pytest.mark.parametrize(
    ("who", "answer"),
    [("owner", "Completed: Write"), ("member", "Only the assignee"), ("stranger", "There is no such task.")],
)
def test_done_gives_no_more_rights_than_the_api(team, write, who, answer):
    assert write(f"/done {team.task.pk}", who).startswith(answer)
    team.task.refresh_from_db()
    assert (team.task.status == Status.COMPLETED) == (who == "owner")


@pytest.mark.parametrize("number", ["", "x", "0", "-1", "1.5", "9" * 19, "9" * 40, "٥", "1 2"])
def test_done_without_a_number_of_a_task_changes_nothing(write, number):
    assert write(f"/done {number}").startswith(("Which one?", "There is no such task."))
    assert not Task.objects.filter(status=Status.COMPLETED).exists()


def test_markup_in_a_name_is_shown_as_it_is(team, write):
    Task.objects.update(name="<b>*_`[x](http://example.com)")
    assert "<b>*_`[x](http://example.com)" in write("/tasks")


@pytest.mark.parametrize(("language", "word"), [("uk", "Виконано"), ("ru", "Выполнено")])
def test_answers_are_in_the_language_of_the_user(team, write, language, word):
    assert write(f"/done {team.task.pk}", language=language) == f"{word}: Write"


@pytest.mark.django_db(transaction=True)
def test_of_done_twice_at_once_a_series_gets_one_more_task(team, write):
    Task.objects.update(repeat="daily", deadline=timezone.now())
    answers = at_once(*[lambda: write(f"/done {team.task.pk}")] * 4)
    assert sorted(answers) == ["Completed already: Write"] * 3 + ["Completed: Write"]
    assert Task.objects.count() == 2
