"""Who may do what: every endpoint and verb, for each kind of caller."""

import pytest

from tasks.models import Task, TaskList

WHO = ("anonymous", "stranger", "member", "assignee", "owner", "staff")

# The answers to WHO, in this order. 404: for outsiders, staff among them, there is nothing there.
MATRIX = {
    ("get", "lists/"): (401, 200, 200, 200, 200, 200),
    ("post", "lists/"): (401, 201, 201, 201, 201, 201),
    ("get", "lists/{list}/"): (401, 404, 200, 200, 200, 404),
    ("put", "lists/{list}/"): (401, 404, 403, 403, 200, 404),
    ("patch", "lists/{list}/"): (401, 404, 403, 403, 200, 404),
    ("delete", "lists/{list}/"): (401, 404, 403, 403, 204, 404),
    ("get", "lists/{list}/tasks/"): (401, 404, 200, 200, 200, 404),
    ("post", "lists/{list}/tasks/"): (401, 404, 201, 201, 201, 404),
    ("get", "lists/{list}/members/"): (401, 404, 200, 200, 200, 404),
    ("post", "lists/{list}/members/"): (401, 404, 403, 403, 201, 404),
    ("delete", "lists/{list}/members/{member}/"): (401, 404, 204, 403, 204, 404),
    ("post", "lists/{list}/owner/"): (401, 404, 403, 403, 200, 404),
    ("get", "tasks/"): (401, 200, 200, 200, 200, 200),
    ("get", "tasks/{task}/"): (401, 404, 200, 200, 200, 404),
    ("put", "tasks/{task}/"): (401, 404, 403, 403, 200, 404),
    ("patch", "tasks/{task}/"): (401, 404, 403, 403, 200, 404),
    ("delete", "tasks/{task}/"): (401, 404, 403, 403, 204, 404),
    ("post", "tasks/{task}/start/"): (401, 404, 403, 200, 200, 404),
    ("post", "tasks/{task}/complete/"): (401, 404, 403, 200, 200, 404),
    ("post", "tasks/{task}/reopen/"): (401, 404, 403, 403, 200, 404),
}
NOT_ALLOWED = {
    "lists/": ("put", "patch", "delete"),
    "lists/{list}/": ("post",),
    "lists/{list}/tasks/": ("put", "patch", "delete"),
    "lists/{list}/members/": ("put", "patch", "delete"),
    "lists/{list}/members/{member}/": ("get", "post", "put", "patch"),
    "lists/{list}/owner/": ("get", "put", "patch", "delete"),
    "tasks/": ("post", "put", "patch", "delete"),
    "tasks/{task}/": ("post",),
    "tasks/{task}/start/": ("get", "put", "patch", "delete"),
    "tasks/{task}/complete/": ("get", "put", "patch", "delete"),
    "tasks/{task}/reopen/": ("get", "put", "patch", "delete"),
    "tasks/bulk/": ("get", "put", "patch", "delete"),
}


def call(team, who, method, address, data=None):
    path = "/api/v1/" + address.format(list=team.list.pk, task=team.task.pk, member=team.member.pk)
    if data is None:
        names = {"lists/{list}/members/": "stranger", "lists/{list}/owner/": "member"}
        data = {"username": names[address]} if address in names else {"name": "Another name"}
        data = {} if address.endswith(("/start/", "/complete/", "/reopen/")) else data
    return getattr(team.clients[who], method)(path, *([data] if method != "get" else []), format="json")


@pytest.mark.parametrize("position", range(len(WHO)), ids=WHO)
@pytest.mark.parametrize(("method", "address"), MATRIX, ids=lambda value: value)
def test_each_caller_gets_the_status_of_the_matrix(team, method, address, position):
    answer = call(team, WHO[position], method, address)
    assert answer.status_code == MATRIX[method, address][position]
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "address"), MATRIX, ids=lambda value: value)
def test_what_is_refused_changes_nothing(team, method, address):
    before = list(TaskList.objects.values()), list(Task.objects.values())
    for who, status in zip(WHO, MATRIX[method, address], strict=True):
        if status >= 400:
            call(team, who, method, address)
    assert (list(TaskList.objects.values()), list(Task.objects.values())) == before


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("address", NOT_ALLOWED)
def test_other_verbs_are_not_possible(team, who, address):
    expected = 401 if who == "anonymous" else 405
    for method in NOT_ALLOWED[address]:
        assert call(team, who, method, address).status_code == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"task_list": "{list}", "name": "New"}, (401, 400, 200, 200, 200, 400)),
        ({"id": "{task}", "name": "New"}, (401, 400, 400, 400, 200, 400)),
    ],
    ids=["make", "change"],
)
@pytest.mark.parametrize("position", range(len(WHO)), ids=WHO)
def test_a_bulk_gives_no_more_rights(team, row, expected, position):
    filled = {
        name: int(value.format(list=team.list.pk, task=team.task.pk)) if "{" in value else value
        for name, value in row.items()
    }
    answer = call(team, WHO[position], "post", "tasks/bulk/", {"tasks": [filled]})
    assert answer.status_code == expected[position]
    assert Task.objects.filter(name="New").exists() == (answer.status_code == 200)


@pytest.mark.parametrize("who", ["stranger", "staff"])
def test_rows_of_others_look_like_rows_that_are_missing(team, who):
    def body(address):
        answer = team.clients[who].get(f"/api/v1/{address}")
        return answer.status_code, answer.json()["detail"]

    assert body(f"lists/{team.list.pk}/") == body("lists/999999/")
    assert body(f"tasks/{team.task.pk}/") == body("tasks/999999/")
    here, nowhere = (
        call(team, who, "post", "tasks/bulk/", {"tasks": [{"id": pk, "name": "x"}]}).json()
        for pk in (team.task.pk, 999999)
    )
    assert here == nowhere
    for address in ("lists/", "tasks/"):
        assert team.clients[who].get(f"/api/v1/{address}").json()["count"] == 0


def test_a_member_who_leaves_sees_nothing_afterwards(team):
    team.clients["owner"].patch(f"/api/v1/lists/{team.list.pk}/", {"members": [team.member.pk]}, "json")
    assert call(team, "assignee", "get", "tasks/{task}/").status_code == 404
    assert call(team, "assignee", "post", "tasks/{task}/complete/").status_code == 404
    team.task.refresh_from_db()
    assert team.task.assigned_to is None


@pytest.mark.parametrize("address", ["lists/{}/", "lists/{}/tasks/", "tasks/{}/"])
@pytest.mark.parametrize("pk", ["0", "9223372036854775808", "9" * 40])
def test_an_id_that_cannot_be_is_a_404(team, address, pk):
    assert team.clients["owner"].get("/api/v1/" + address.format(pk)).status_code == 404
