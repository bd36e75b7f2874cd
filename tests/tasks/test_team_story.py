"""A team over HTTP: a list, members by name, a series, a reminder in Telegram, /done there, leaving."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tasks import tasks
from tests.messaging.telegram.test_webhook import message
from tests.messaging.worker import worker
from tests.support.waiting import until
from tests.tasks.test_story import ANNA, BOT, PASSWORD, call  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_team_from_the_list_to_leaving_it(call, telegram, tmp_path):  # noqa: F811
    people = {}
    for name in ("boris", "anna"):
        data = {"username": name, "email": f"{name}@example.com"}
        call("POST", "auth/register/", {**data, "password": PASSWORD, "confirm_password": PASSWORD})
        _, body = call("POST", "auth/token/", {"username": name, "password": PASSWORD})
        people[name] = {"Authorization": f"Token {body['token']}"}
    boris, anna = people["boris"], people["anna"]

    _, link = call("POST", "auth/telegram/link/", {}, **anna)
    call("POST", "telegram/webhook/", message(f"/start {link['link_token']}"), **BOT)

    _, task_list = call("POST", "lists/", {"name": "House"}, **boris)
    address = f"lists/{task_list['id']}/"
    _, found = call("GET", "users/?search=an", **boris)
    status, member = call(
        "POST", f"{address}members/", {"username": found["results"][0]["username"]}, **boris
    )
    assert (status, member["username"]) == (201, "anna")

    deadline = (timezone.now() + timedelta(minutes=50)).isoformat()
    data = {"name": "Water plants", "assigned_to": member["id"], "deadline": deadline, "repeat": "weekly"}
    _, task = call("POST", f"{address}tasks/", data, **boris)
    assert (task["assigned_to_name"], task["task_list_name"]) == ("anna", "House")

    with worker(tmp_path):
        tasks.watch_deadlines.delay()
        until(lambda: [text for text in telegram.texts_to(ANNA) if text.startswith("Due within an hour")])

    _, reply = call("POST", "telegram/webhook/", message("/tasks", update_id=2), **BOT)
    number = reply["text"].partition(".")[0]
    assert number == str(task["id"])
    _, reply = call("POST", "telegram/webhook/", message(f"/done {number}", update_id=3), **BOT)
    assert reply["text"] == "Completed: Water plants"
    _, page = call("GET", f"{address}tasks/?status=pending", **boris)
    [following] = page["results"]
    due = timezone.datetime.fromisoformat(following["deadline"])
    assert due == timezone.datetime.fromisoformat(deadline) + timedelta(days=7)

    assert call("DELETE", f"{address}members/{member['id']}/", **anna)[0] == 204
    assert call("GET", f"{address}tasks/", **anna)[0] == 404
    _, following = call("GET", f"tasks/{following['id']}/", **boris)
    assert following["assigned_to"] is None
