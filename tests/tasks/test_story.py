"""A user links Telegram, acts by the bot, is reminded and unlinks: over HTTP, from end to end."""

import json
from datetime import timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.utils import timezone

from tasks import tasks
from tests.messaging.telegram.test_webhook import message
from tests.messaging.worker import worker
from tests.support.telegram import SECRET
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ANNA = 700_000_001
BOT = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
PASSWORD = "a-long-and-odd-pass"


@pytest.fixture
def call(live_server):
    """An HTTP request to the running site: status and JSON."""

    def call(method, address, data=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(
            f"{live_server.url}/api/v1/{address}",
            json.dumps(data).encode() if data is not None else None,
            {"Content-Type": "application/json", **headers},
            method=method,
        )
        try:
            with urlopen(request) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    return call


@pytest.mark.parametrize("way", ["webhook", "confirm"])
def test_from_the_link_to_the_reminder_and_back(call, telegram, tmp_path, way):
    names = {"username": "anna", "email": "anna@example.com"}
    call("POST", "auth/register/", {**names, "password": PASSWORD, "confirm_password": PASSWORD})
    _, body = call("POST", "auth/token/", {"username": "anna", "password": PASSWORD})
    anna = {"Authorization": f"Token {body['token']}"}

    _, link = call("POST", "auth/telegram/link/", {}, **anna)
    assert link["telegram_link"] == f"https://t.me/syllabus_bot?start={link['link_token']}"
    if way == "webhook":
        _, reply = call("POST", "telegram/webhook/", message(f"/start {link['link_token']}"), **BOT)
        assert reply["text"] == "Linked: you are anna."
    else:
        data = {"code": link["link_token"], "telegram_id": ANNA}
        assert call("POST", "auth/telegram/confirm/", data, **BOT)[0] == 200
    _, me = call("GET", "me/", **anna)
    assert me["telegram"]["telegram_id"] == ANNA

    _, task_list = call("POST", "lists/", {"name": "Launch"}, **anna)
    deadline = (timezone.now() + timedelta(minutes=50)).isoformat()
    data = {"name": "Write", "assigned_to": me["id"], "deadline": deadline}
    call("POST", f"lists/{task_list['id']}/tasks/", data, **anna)
    as_anna = {**BOT, "X-Telegram-User-Id": str(ANNA)}
    _, mine = call("GET", "tasks/?assigned_to=" + str(me["id"]), **as_anna)
    assert [task["name"] for task in mine["results"]] == ["Write"]

    with worker(tmp_path):
        tasks.watch_deadlines.delay()
        until(lambda: telegram.texts_to(ANNA))
    assert telegram.texts_to(ANNA)[0].startswith("Due within an hour: Write")

    assert call("DELETE", "auth/telegram/link/", **anna)[0] == 204
    status, problem = call("GET", "tasks/", **as_anna)
    assert (status, problem["title"]) == (403, "Forbidden")
