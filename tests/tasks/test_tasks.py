"""Tasks over HTTP."""

import unicodedata
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from api.accepted import MOMENT, MUST_BE
from tasks import deadlines
from tasks.models import DEADLINE_RANGE, MAX_DEADLINE, MIN_DEADLINE, TASK_NAME_TAKEN, Status, Task
from tests.factories import UserFactory
from tests.tasks.factories import TaskFactory, TaskListFactory

TASKS = "/api/v1/tasks/"


def post(team, data, who="member"):
    return team.clients[who].post(f"/api/v1/lists/{team.list.pk}/tasks/", data, "json")


def patch(team, data, **headers):
    return team.clients["owner"].patch(f"{TASKS}{team.task.pk}/", data, "json", headers=headers)


def act(team, action, who="owner"):
    return team.clients[who].post(f"{TASKS}{team.task.pk}/{action}/")


def test_a_member_makes_a_task(team):
    answer = post(
        team, {"name": "Test", "assigned_to": team.owner.pk, "deadline": "2040-01-02T03:04:05+02:00"}
    )
    assert answer.status_code == 201
    body = answer.json()
    assert (body["task_list"], body["assigned_to"], body["status"]) == (
        team.list.pk,
        team.owner.pk,
        "pending",
    )
    assert body["deadline"] == "2040-01-02T01:04:05Z"
    again = team.clients["member"].get(answer["Location"])
    assert again.json() == body
    assert again["ETag"] == answer["ETag"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "completed"),
        ("completed_at", "2001-01-01T00:00:00Z"),
        ("task_list", 1),
        ("id", 1),
        ("created_at", "2001-01-01T00:00:00Z"),
        ("owner", 1),
        ("is_staff", True),
        ("__proto__", {}),
    ],
)
def test_a_field_that_cannot_be_written_is_a_400_that_names_it(team, field, value):
    before = team.clients["owner"].get(f"{TASKS}{team.task.pk}/")
    for answer in (post(team, {"name": "New", field: value}), patch(team, {"name": "New", field: value})):
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [field]
        assert "Accepted: name, description, assigned_to, deadline" in answer.json()["errors"][field][0]
    assert Task.objects.get().name == "Write"
    assert team.clients["owner"].get(f"{TASKS}{team.task.pk}/")["ETag"] == before["ETag"]


def test_what_get_gives_can_be_put_back_and_changes_no_etag(team):
    address = f"{TASKS}{team.task.pk}/"
    read = team.clients["owner"].get(address)
    for answer in (
        team.clients["owner"].put(address, read.json(), "json", headers={"If-Match": read["ETag"]}),
        patch(team, {}),
        patch(team, {"name": " Write ", "assigned_to": team.assignee.pk}),
    ):
        assert (answer.status_code, answer.json(), answer["ETag"]) == (200, read.json(), read["ETag"])


@pytest.mark.parametrize("action", ["start", "complete", "reopen"])
def test_an_action_takes_no_field(team, action):
    answer = team.clients["owner"].post(f"{TASKS}{team.task.pk}/{action}/", {"status": "overdue"}, "json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["status"])


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": ["a"]}, "name"),
        ({"name": "Write"}, "name"),
        ({"name": " Write "}, "name"),
        ({"name": "New", "assigned_to": 999999}, "assigned_to"),
        ({"name": "New", "assigned_to": "stranger"}, "assigned_to"),
        ({"name": "New", "assigned_to": -1}, "assigned_to"),
        ({"name": "New", "assigned_to": "x"}, "assigned_to"),
        ({"name": "New", "deadline": "tomorrow"}, "deadline"),
        ({"name": "New", "description": "x" * 10_001}, "description"),
    ],
)
def test_bad_input_is_an_error_of_its_field(team, data, field):
    if data.get("assigned_to") == "stranger":
        data = {**data, "assigned_to": team.stranger.pk}
    answer = post(team, data)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {field}
    assert Task.objects.count() == 1


def assert_deadline_refused(team, deadline, message):
    """It is a 400 with the message, in a new task, a changed one and in bulk."""
    rows = {"tasks": [{"task_list": team.list.pk, "name": "New", "deadline": deadline}]}
    for answer, field in (
        (post(team, {"name": "New", "deadline": deadline}), "deadline"),
        (patch(team, {"deadline": deadline}), "deadline"),
        (team.clients["owner"].post(f"{TASKS}bulk/", rows, "json"), "tasks.0.deadline"),
    ):
        assert answer.status_code == 400
        assert answer.json()["errors"] == {field: [message]}


@pytest.mark.parametrize(
    "deadline",
    [
        "0001-01-01T00:00:00+14:00",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "2201-01-01T00:00:00Z",
        "9999-12-31T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_deadline_out_of_range_is_a_400_that_says_the_range(team, deadline):
    assert_deadline_refused(team, deadline, DEADLINE_RANGE)
    with pytest.raises(IntegrityError, match="task_deadline_in_range"), transaction.atomic():
        Task.objects.update(deadline=MAX_DEADLINE + timedelta(seconds=1))


@pytest.mark.parametrize(
    "deadline", ["2030-01-01T10:00:00", "2030-01-01 10:00", "2030-01-01", 1893456000, [], True]
)
def test_a_deadline_without_an_offset_is_a_400_that_says_what_is_accepted(team, deadline):
    assert_deadline_refused(team, deadline, f"{MUST_BE}{MOMENT}, or null.")


@pytest.mark.parametrize("deadline", [MIN_DEADLINE, MAX_DEADLINE])
def test_a_deadline_at_the_ends_of_the_range_is_accepted(team, deadline):
    answer = post(team, {"name": "New", "deadline": deadline.isoformat()})
    assert answer.status_code == 201
    assert answer.json()["deadline"] == deadline.isoformat().replace("+00:00", "Z")


def test_a_task_keeps_its_name_when_saved_again(team):
    answer = team.clients["owner"].put(f"{TASKS}{team.task.pk}/", {"name": "Write"}, "json")
    assert answer.status_code == 200


def test_completing_twice_is_no_error_and_changes_nothing(team):
    first = act(team, "complete", "assignee")
    assert first.json()["status"] == "completed"
    assert first.json()["completed_at"]
    assert act(team, "complete").json() == first.json()


def test_reopening_makes_it_pending_and_again_changes_nothing(team):
    act(team, "complete")
    first = act(team, "reopen").json()
    assert (first["status"], first["completed_at"]) == ("pending", None)
    assert act(team, "reopen").json() == first


def test_starting(team):
    assert act(team, "start", "assignee").json()["status"] == "in_progress"
    assert act(team, "start").json()["status"] == "in_progress"
    act(team, "complete")
    assert act(team, "start").status_code == 409


@pytest.mark.parametrize(
    ("deadline", "status"),
    [(timedelta(days=1), "pending"), (None, "pending"), (-timedelta(days=1), "overdue")],
)
def test_a_deadline_that_is_moved_ahead_takes_it_out_of_overdue(team, deadline, status):
    Task.objects.update(status=Status.OVERDUE, deadline=timezone.now())
    moved = deadline and timezone.now() + deadline
    assert patch(team, {"deadline": moved}).json()["status"] == status


def test_the_later_of_two_edits_is_refused_and_nothing_is_lost(team):
    read = team.clients["owner"].get(f"{TASKS}{team.task.pk}/")
    etag = read["ETag"]
    first = patch(team, {"description": "First"}, **{"If-Match": etag})
    assert first.status_code == 200
    second = patch(team, {"description": "Second"}, **{"If-Match": etag})
    assert second.status_code == 412
    assert first["ETag"] in second.json()["detail"]
    assert team.clients["owner"].get(f"{TASKS}{team.task.pk}/").json()["description"] == "First"
    assert patch(team, {"description": "Second"}, **{"If-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("header", ['"other"', "W/{}", "garbage", ""])
def test_what_is_not_the_present_etag_is_412(team, header):
    etag = team.clients["owner"].get(f"{TASKS}{team.task.pk}/")["ETag"]
    assert patch(team, {"name": "x"}, **{"If-Match": header.format(etag)}).status_code == 412


@pytest.mark.parametrize("header", ["*", '"other", {}'])
def test_any_of_several_etags_will_do(team, header):
    etag = team.clients["owner"].get(f"{TASKS}{team.task.pk}/")["ETag"]
    assert patch(team, {"name": "x"}, **{"If-Match": header.format(etag)}).status_code == 200


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("delete", "tasks/{task}/"),
        ("put", "tasks/{task}/"),
        ("post", "tasks/{task}/complete/"),
        ("delete", "lists/{list}/"),
        ("patch", "lists/{list}/"),
    ],
)
def test_every_write_heeds_if_match(team, method, address):
    address = "/api/v1/" + address.format(task=team.task.pk, list=team.list.pk)
    write = getattr(team.clients["owner"], method)
    assert write(address, {"name": "x"}, format="json", headers={"If-Match": '"old"'}).status_code == 412
    team.task.refresh_from_db()
    assert team.task.status == "pending"


def test_if_none_match_answers_304(team):
    client = team.clients["owner"]
    for address in (f"{TASKS}{team.task.pk}/", f"/api/v1/lists/{team.list.pk}/"):
        etag = client.get(address)["ETag"]
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


class TestFilters:
    @pytest.fixture(autouse=True)
    def _tasks(self, team):
        now = timezone.now()
        self.team, self.now = team, now
        other = TaskListFactory(owner=team.owner, name="Other")
        self.other = other
        TaskFactory(task_list=other, name="late", deadline=now - timedelta(hours=1))
        TaskFactory(task_list=other, name="soon", deadline=now + timedelta(hours=1), status="in_progress")
        TaskFactory(task_list=other, name="done", deadline=now - timedelta(hours=2), completed=True)
        TaskFactory(name="a stranger's", deadline=now)

    def names(self, **params):
        answer = self.team.clients["owner"].get(TASKS, params)
        assert answer.status_code == 200
        return [row["name"] for row in answer.json()["results"]]

    def test_mine_are_those_in_my_lists(self):
        assert self.names() == ["done", "soon", "late", "Write"]

    def test_by_list_assignee_and_status(self):
        assert self.names(list=self.team.list.pk) == ["Write"]
        assert self.names(assigned_to=self.team.assignee.pk) == ["Write"]
        assert self.names(status="completed") == ["done"]
        assert self.names(status="in_progress", list=self.team.list.pk) == []

    def test_overdue_is_what_has_passed_its_deadline_before_beat_has_seen_it(self):
        assert self.names(overdue="true") == ["late"]
        assert self.names(overdue="false") == ["done", "soon", "Write"]

    def test_search_finds_words_of_names_lists_and_assignees(self):
        assert self.names(search="LA") == ["late", "Write"]  # "Launch" is the list of Write
        assert self.names(search="other so") == ["soon"]
        assert self.names(search="assignee") == ["Write"]
        assert self.names(search="write other") == []
        address = f"/api/v1/lists/{self.other.pk}/tasks/"
        found = self.team.clients["owner"].get(address, {"search": "late"}).json()["results"]
        assert [row["name"] for row in found] == ["late"]

    def test_ordered_by_status_and_completion_as_in_the_admin(self):
        assert self.names(order="status") == ["done", "soon", "late", "Write"]
        assert self.names(order="-status") == ["Write", "late", "soon", "done"]
        assert self.names(order="completed_at")[0] == self.names(order="-completed_at")[0] == "done"

    def test_by_deadline(self):
        assert self.names(deadline_from=self.now.isoformat()) == ["soon"]
        assert self.names(deadline_to=self.now.isoformat()) == ["done", "late"]
        an_hour_and_a_half = (self.now - timedelta(hours=1.5)).isoformat()
        assert self.names(deadline_from=an_hour_and_a_half, deadline_to=self.now.isoformat()) == ["late"]

    def test_in_either_order_those_without_a_deadline_come_last(self):
        assert self.names(order="deadline") == ["done", "late", "soon", "Write"]
        assert self.names(order="-deadline") == ["soon", "late", "done", "Write"]

    def test_a_list_has_the_same_filters(self):
        answer = self.team.clients["owner"].get(f"/api/v1/lists/{self.other.pk}/tasks/", {"overdue": "true"})
        assert [row["name"] for row in answer.json()["results"]] == ["late"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("assigned_to", "me"),
            ("assigned_to", "0"),
            ("list", str(2**63)),
            ("status", "done"),
            ("overdue", "yes"),
            ("deadline_from", "tomorrow"),
            ("deadline_from", "2030-01-01T00:00:00"),
            ("deadline_to", "2030-13-01T00:00:00Z"),
            ("order", "password"),
            ("page", "0"),
            ("search", "x" * 101),
            ("owner", "1"),
            ("Status", "pending"),
        ],
    )
    def test_what_is_not_accepted_is_a_400_that_says_what_is(self, name, value):
        answer = self.team.clients["owner"].get(TASKS, {name: value})
        assert answer.status_code == 400
        assert set(answer.json()["errors"]) == {name}

    def test_pages_keep_the_filters(self):
        body = self.team.clients["owner"].get(TASKS, {"list": self.other.pk, "page_size": 2}).json()
        assert body["count"] == 3
        following = self.team.clients["owner"].get(body["next"]).json()
        assert [row["name"] for row in following["results"]] == ["late"]


def test_a_deleted_assignee_leaves_the_task(team):
    team.assignee.delete()
    assert team.clients["owner"].get(f"{TASKS}{team.task.pk}/").json()["assigned_to"] is None


def test_the_owner_may_be_the_assignee(team):
    assert patch(team, {"assigned_to": team.owner.pk}).status_code == 200
    assert patch(team, {"assigned_to": None}).json()["assigned_to"] is None
    assert patch(team, {"assigned_to": UserFactory().pk}).status_code == 400


@pytest.mark.parametrize("name", ["write", "Wri\u200bte", "𝐖rite"])
def test_a_name_that_is_the_same_to_a_reader_is_taken(team, name):
    other = TaskFactory(task_list=team.list)
    rows = {"tasks": [{"task_list": team.list.pk, "name": "One"}, {"task_list": team.list.pk, "name": "ONE"}]}
    client = team.clients["owner"]
    for answer, field in (
        (post(team, {"name": name}), "name"),
        (client.patch(f"{TASKS}{other.pk}/", {"name": name}, "json"), "name"),
        (client.post(f"{TASKS}bulk/", {"tasks": [{"id": other.pk, "name": name}]}, "json"), "tasks.0.name"),
        (client.post(f"{TASKS}bulk/", rows, "json"), "tasks.1.name"),
    ):
        assert answer.status_code == 400
        assert answer.json()["errors"] == {field: [TASK_NAME_TAKEN]}
    assert patch(team, {"name": name}).json()["name"] == unicodedata.normalize("NFKC", name)
    with pytest.raises(IntegrityError, match="task_name_key"), transaction.atomic():
        Task.objects.filter(pk=other.pk).update(name=name)


def test_a_name_is_measured_as_it_is_stored(team):
    assert post(team, {"name": "e\u0301" * 200}).json()["name"] == "é" * 200
    answer = post(team, {"name": "½" * 100})  # 300 characters, normalized
    assert list(answer.json()["errors"]) == ["name"]


class TestOverdueBeforeBeatHasRun:
    """A task is overdue from the moment of its deadline: everywhere at once."""

    @pytest.fixture(autouse=True)
    def _late(self, team):
        self.client = team.clients["owner"]
        self.task = team.task
        Task.objects.update(status="in_progress", deadline=timezone.now() - timedelta(minutes=1))

    def found(self, **params):
        mine = self.client.get(TASKS, params).json()
        of_list = self.client.get(f"/api/v1/lists/{self.task.task_list_id}/tasks/", params).json()
        assert mine == of_list
        return [(row["name"], row["status"]) for row in mine["results"]], mine["count"]

    @pytest.mark.parametrize("marked", [False, True], ids=["before", "after"])
    def test_filters_representation_and_counts_agree(self, marked):
        before = self.client.get(f"{TASKS}{self.task.pk}/")
        if marked:
            assert deadlines.mark_overdue() == 1
        assert self.found(status="overdue") == self.found(overdue="true") == ([("Write", "overdue")], 1)
        for status in ("pending", "in_progress", "completed"):
            assert self.found(status=status) == ([], 0)
        assert self.found(overdue="false") == ([], 0)
        after = self.client.get(f"{TASKS}{self.task.pk}/")
        assert (after.json()["status"], after["ETag"]) == ("overdue", before["ETag"])

    def test_starting_leaves_it_overdue(self):
        Task.objects.update(status="pending")
        assert self.client.post(f"{TASKS}{self.task.pk}/start/").json()["status"] == "overdue"
        Task.objects.update(deadline=None)
        assert self.found(status="pending") == ([("Write", "pending")], 1)

    def test_a_deadline_moved_by_sql_takes_it_out_of_overdue(self):
        deadlines.mark_overdue()
        Task.objects.update(deadline=timezone.now() + timedelta(days=1))
        assert self.found(status="overdue") == self.found(overdue="true") == ([], 0)
        assert self.found(status="pending") == self.found(overdue="false") == ([("Write", "pending")], 1)

    def test_the_admin_agrees(self, admin_client):
        page = admin_client.get("/admin/tasks/task/", {"status__exact": "overdue"})
        assert page.context["cl"].result_count == 1
        assert "Overdue" in admin_client.get(f"/admin/tasks/task/{self.task.pk}/change/").content.decode()
        assert (
            admin_client.get("/admin/tasks/task/?status__exact=in_progress").context["cl"].result_count == 0
        )
