"""Clients over HTTP: who may do what, what a search finds, and how bad input is refused."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from clients.urls import urlpatterns
from tests.clients.callers import ANONYMOUS, CALLERS, OWN, answer, signed_in
from tests.clients.factories import ClientFactory
from tests.factories import UserFactory
from tests.services.factories import SubscriptionFactory
from tests.support.answers import problem

pytestmark = pytest.mark.django_db

CLIENTS = "/api/v1/clients/"

# What each caller is answered, in the order of CALLERS: anonymous, other, own, staff without, staff.
MATRIX = {
    ("GET", "clients/"): (401, 200, 200, 403, 200),
    ("POST", "clients/"): (401, 403, 403, 403, 201),
    ("GET", "clients/{pk}/"): (401, 404, 200, 403, 200),
    ("PUT", "clients/{pk}/"): (401, 403, 403, 403, 200),
    ("PATCH", "clients/{pk}/"): (401, 403, 403, 403, 200),
    ("DELETE", "clients/{pk}/"): (401, 403, 403, 403, 204),
}


def body_of(verb):
    if verb not in {"POST", "PUT", "PATCH"}:
        return None
    return {"user": UserFactory().pk, "company_name": "New", "full_address": "2 Main Street"}


@pytest.mark.parametrize("kind", CALLERS)
@pytest.mark.parametrize(("verb", "path"), MATRIX)
def test_each_caller_is_answered_as_the_matrix_says(caller, own_client, verb, path, kind):
    address = "/api/v1/" + path.format(pk=own_client.pk)
    response = answer(caller(kind), verb, address, body_of(verb))
    assert response.status_code == MATRIX[verb, path][CALLERS.index(kind)], response.content
    if kind == ANONYMOUS:
        assert response["WWW-Authenticate"] == "Token"


def test_the_matrix_knows_every_address():
    known = {path.replace("{pk}", "<int:pk>") for _, path in MATRIX}
    assert {str(pattern.pattern) for pattern in urlpatterns} == known


def test_a_clients_user_sees_that_client_alone(caller, own_client):
    ClientFactory()
    body = caller(OWN).get(CLIENTS).json()
    assert [row["id"] for row in body["results"]] == [own_client.pk]
    assert body["count"] == 1


@pytest.mark.parametrize("is_staff", [False, True])
def test_the_right_to_write_does_not_show_what_the_user_may_not_read(own_client, is_staff):
    user = UserFactory(is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_client", "change_client"]))
    address = f"{CLIENTS}{own_client.pk}/"
    api = signed_in(user)
    problem(answer(api, "PATCH", address, {}), 403)
    problem(answer(api, "PUT", address, body_of("PUT")), 403)
    problem(answer(api, "POST", CLIENTS, body_of("POST")), 403)
    assert Client.objects.get() == own_client
    mine = ClientFactory(user=user)
    assert answer(api, "PATCH", f"{CLIENTS}{mine.pk}/", {"company_name": "Mine"}).status_code == 200
    problem(answer(api, "PATCH", address, {}), 404)


def test_who_is_no_client_and_no_staff_sees_nothing():
    problem(signed_in(UserFactory()).get(CLIENTS), 403)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"company_name": "Without a user", "full_address": "x"}, "user"),
        ({"user": None, "company_name": "x", "full_address": "x"}, "user"),
        ({"user": 10**30, "company_name": "x", "full_address": "x"}, "user"),
        ({"company_name": "", "full_address": "x"}, "company_name"),
        ({"company_name": "x" * 101, "full_address": "x"}, "company_name"),
        ({"company_name": "a\0b", "full_address": "x"}, "company_name"),
    ],
)
def test_a_bad_client_names_the_field(staff_api, body, field):
    body = {"user": UserFactory().pk} | body if field != "user" else body
    assert field in problem(staff_api.post(CLIENTS, body, format="json"), 400)["errors"]
    assert not Client.objects.filter(company_name__startswith="x").exists()


def test_a_user_has_one_client(staff_api, own_client):
    body = {"user": own_client.user_id, "company_name": "x", "full_address": "x"}
    assert "user" in problem(staff_api.post(CLIENTS, body, format="json"), 400)["errors"]


def test_a_client_with_subscriptions_is_not_deleted(staff_api):
    row = SubscriptionFactory()
    detail = problem(staff_api.delete(f"{CLIENTS}{row.client_id}/"), 409)["detail"]
    assert detail.startswith("This client is in use by 1 subscription:")
    assert Client.objects.filter(pk=row.client_id).exists()


def test_the_list_costs_the_same_for_1_and_50(staff_api):
    costs = []
    staff_api.get(CLIENTS)  # the permissions are read once
    for count in (1, 49):
        ClientFactory.create_batch(count)
        with CaptureQueriesContext(connection) as captured:
            assert staff_api.get(f"{CLIENTS}?page_size=100").status_code == 200
        costs.append(len(captured))
    assert costs[0] == costs[1]


class TestSearch:
    @pytest.fixture
    def rows(self, own_client):
        return {
            "north": ClientFactory(company_name="North Star Ltd", user__email="info@north.example"),
            "south": ClientFactory(company_name="South", user__email="north.desk@south.example"),
        }

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("NORTH", {"north", "south"}),
            ("north star", {"north"}),
            ("desk south", {"south"}),
            ("star desk", set()),
            ("n_rth", set()),
            ("%25", set()),
        ],
    )
    def test_each_word_is_in_the_company_name_or_the_e_mail_address(self, staff_api, rows, text, found):
        body = staff_api.get(f"{CLIENTS}?search={text}").json()
        assert {row["id"] for row in body["results"]} == {rows[name].pk for name in found}
        assert body["count"] == len(found)

    def test_an_empty_search_selects_all(self, staff_api, rows):
        assert staff_api.get(f"{CLIENTS}?search=+").json()["count"] == 3

    def test_a_clients_user_finds_that_client_alone(self, caller, rows):
        assert caller(OWN).get(f"{CLIENTS}?search=north").json()["count"] == 0


def test_a_client_has_an_etag_that_a_write_requires(staff_api, own_client):
    address = f"{CLIENTS}{own_client.pk}/"
    seen = staff_api.get(address)["ETag"]
    assert staff_api.get(address, headers={"If-None-Match": seen}).status_code == 304
    changed = staff_api.patch(address, {"company_name": "Else"}, format="json", headers={"If-Match": seen})
    assert changed.status_code == 200
    assert changed["ETag"] == staff_api.get(address)["ETag"] != seen
    for verb in (staff_api.patch, staff_api.put, staff_api.delete):
        problem(verb(address, {}, format="json", headers={"If-Match": seen}), 412)
    assert Client.objects.get(pk=own_client.pk).company_name == "Else"


@pytest.mark.parametrize("field", ["id", "email", "companyname"])
def test_a_field_that_cannot_be_written_is_refused(staff_api, own_client, field):
    body = problem(staff_api.patch(f"{CLIENTS}{own_client.pk}/", {field: "x"}, format="json"), 400)
    assert "Accepted: user, company_name, full_address" in body["errors"][field][0]


@pytest.mark.parametrize("path", ["", "{pk}/"])
def test_an_unknown_parameter_is_refused(staff_api, own_client, path):
    answer = staff_api.get(f"{CLIENTS}{path.format(pk=own_client.pk)}?company=x")
    assert "is not a parameter here" in problem(answer, 400)["errors"]["company"][0]


@pytest.mark.parametrize("path", ["", "{pk}/"])
def test_options_are_answered(staff_api, own_client, path):
    assert staff_api.options(f"{CLIENTS}{path.format(pk=own_client.pk)}").status_code == 200


@pytest.mark.parametrize("name", ["\u200b", "\u3164", "\u2800"])
def test_a_company_name_that_shows_nothing_is_refused(staff_api, name):
    body = {"user": UserFactory().pk, "company_name": name, "full_address": "2 Main Street"}
    assert [*problem(staff_api.post(CLIENTS, body, format="json"), 400)["errors"]] == ["company_name"]
