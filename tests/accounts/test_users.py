"""What users may see of themselves and of others, and change."""

import pytest
from django.contrib.auth.models import User
from django.db import connection

from accounts.selectors import search_users
from tests.factories import UserFactory
from tests.support.answers import problem

pytestmark = pytest.mark.django_db

PUBLIC = {"id", "username", "first_name", "last_name", "date_joined"}
PRIVATE = {"email", "is_staff", "last_login"}


def test_other_users_see_no_address(api, user):
    api.force_authenticate(UserFactory())
    assert set(api.get(f"/api/v1/user/{user.pk}/").json()) == PUBLIC


@pytest.mark.parametrize("is_self", [True, False])
def test_the_user_and_staff_see_all(api, user, is_self):
    api.force_authenticate(user if is_self else UserFactory(is_staff=True))
    assert set(api.get(f"/api/v1/user/{user.pk}/").json()) == PUBLIC | PRIVATE


def test_users_are_for_the_signed_in(api, user):
    assert api.get(f"/api/v1/user/{user.pk}/").status_code == 401
    assert api.get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize("pk", ["0", "999999", str(2**63), "9" * 40])
def test_an_unknown_user_is_a_404(api, user, pk):
    api.force_authenticate(user)
    assert api.get(f"/api/v1/user/{pk}/").status_code == 404


def test_me_changes_names_and_address(api, user):
    user.set_password("correct horse")
    user.save()
    api.force_authenticate(user)
    changes = {"first_name": "Anna-Maria", "email": "new@example.com", "current_password": "correct horse"}
    answer = api.patch("/api/v1/me/", changes, format="json")
    assert answer.status_code == 200
    assert answer.json()["first_name"] == "Anna-Maria"
    user.refresh_from_db()
    assert (user.first_name, user.email) == ("Anna-Maria", "new@example.com")


@pytest.mark.parametrize(
    "field", ["is_staff", "username", "id", "telegram", "email_verified", "password", "is_superuser"]
)
def test_me_changes_nothing_else(api, user, field):
    api.force_authenticate(user)
    answer = api.patch("/api/v1/me/", {field: "x"}, format="json")
    assert answer.status_code == 400
    assert "Accepted: first_name, last_name, email" in answer.json()["errors"][field][0]


def test_me_gives_an_etag_that_a_change_has_to_match(api, user):
    api.force_authenticate(user)
    etag = api.get("/api/v1/me/")["ETag"]
    same = api.patch("/api/v1/me/", {"first_name": user.first_name}, format="json")
    assert same["ETag"] == etag
    changed = {"first_name": "Other"}
    assert api.patch("/api/v1/me/", changed, format="json", headers={"If-Match": etag}).status_code == 200
    user.refresh_from_db()
    assert api.patch("/api/v1/me/", changed, format="json", headers={"If-Match": etag}).status_code == 412


@pytest.mark.parametrize("address", ["me/", "user/{pk}/", "auth/tokens/", "auth/register/", "auth/token/"])
def test_an_unknown_query_parameter_is_refused(api, user, address):
    api.force_authenticate(user)
    path = f"/api/v1/{address.format(pk=user.pk)}?colour=red"
    answer = api.post(path, {}, format="json") if address.startswith("auth/r") else api.get(path)
    if address == "auth/token/":
        answer = api.post(path, {}, format="json")
    assert answer.status_code == 400
    assert "colour is not a parameter here" in answer.json()["detail"]


@pytest.mark.parametrize("changes", [{"email": "no address"}, {"email": ""}, {"first_name": "x" * 151}])
def test_invalid_changes_are_a_400_by_field(api, user, changes):
    api.force_authenticate(user)
    answer = api.patch("/api/v1/me/", changes, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == set(changes)


@pytest.mark.parametrize("method", ["put", "post"])
def test_me_cannot_be_replaced(api, user, method):
    api.force_authenticate(user)
    assert getattr(api, method)("/api/v1/me/").status_code == 405


class TestSearch:
    @pytest.fixture(autouse=True)
    def _people(self, api, user):
        api.force_authenticate(user)
        UserFactory(username="Kateryna", first_name="Ёлка", last_name="O'Neil")
        UserFactory(username="inactive-kate", is_active=False)
        UserFactory(username="under_score", first_name="100%", last_name="")

    def names(self, api, search):
        page = api.get("/api/v1/users/", {"search": search}).json()
        return [row["username"] for row in page["results"]]

    @pytest.mark.parametrize(
        "search", ["kat", "KATERYNA", "ёл", "o'ne", "ёлка kat", " ｋａt ", "o'neil ёлка"]
    )
    def test_finds_users_by_the_beginnings_of_their_names(self, api, search):
        assert self.names(api, search) == ["Kateryna"]

    @pytest.mark.parametrize("search", ["teryna", "kat nowhere", "%%", "k_", "u__er", "inactive", "kate\\"])
    def test_finds_no_other(self, api, search):
        assert self.names(api, search) == []

    def test_shows_names_only(self, api):
        row = api.get("/api/v1/users/", {"search": "kat"}).json()["results"][0]
        assert set(row) == {"id", "username", "first_name", "last_name"}

    @pytest.mark.parametrize(
        ("query", "accepted"),
        [
            ("", "is required. It must be a text of 2 to 150 characters"),
            ("?search=k", "must be a text of 2 to 150 characters, not only spaces"),
            ("?search=", "a text of 2 to 150 characters"),
            ("?email=kat@example.com", "a text of 2 to 150 characters"),
            ("?search=a%00b", "without NUL"),
            ("?search=%E2%80%8B%C2%ADk", "at least two visible characters"),
        ],
    )
    def test_needs_two_characters(self, api, query, accepted):
        assert accepted in problem(api.get(f"/api/v1/users/{query}"), 400)["errors"]["search"][0]

    @pytest.mark.parametrize("number", [1, 50])
    def test_costs_the_same_for_1_and_50(self, api, number, django_assert_num_queries):
        UserFactory.create_batch(number, first_name="Zed")
        with django_assert_num_queries(2):
            assert api.get("/api/v1/users/?search=zed&page_size=100").json()["count"] == number

    def test_uses_the_indexes_of_prefixes(self):
        names = (f"{number:032x}" for number in range(3000))
        User.objects.bulk_create(User(username=name, first_name=name, last_name=name) for name in names)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE auth_user")
        plan = search_users("kat").order_by().explain()
        assert all(f"accounts_{field}_prefix" in plan for field in ("username", "first_name", "last_name"))
