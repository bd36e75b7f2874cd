"""One user for each username and e-mail, whatever their case and Unicode form."""

import threading
import time

import pytest
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from accounts.names import find_user
from core.names import NameKey
from tests.accounts.test_signing_in import GOOD, PASSWORD
from tests.factories import UserFactory

REGISTER = "/api/v1/auth/register/"
SAME = ["boris", "BORIS", "Boris", "ｂｏｒｉｓ"]


def in_parallel(calls):
    """Run the calls at once, each on a connection of its own, and return their results."""
    results, barrier = [], threading.Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            results.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("field", ["username", "email"])
def test_thirty_registrations_at_once_of_one_name_make_one_user(settings, field):
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}

    def register(number):
        values = {**GOOD, "username": f"user{number}", "email": f"user{number}@example.com"}
        values[field] = SAME[number % 4] + ("@Example.com" if field == "email" else "")
        answer = APIClient(raise_request_exception=False).post(REGISTER, values, format="json")
        return answer.status_code, tuple(answer.json().get("errors", ()))

    results = in_parallel([lambda n=n: register(n) for n in range(30)])
    assert sorted(results) == [(201, ())] + [(400, (field,))] * 29
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["username", "email"])
def test_the_database_refuses_every_other_writer(field):
    UserFactory(username="boris", email="boris@example.com")
    other = UserFactory.build(username="other", email="other@example.com")
    setattr(other, field, "BORIS" if field == "username" else "Boris@EXAMPLE.com")
    for write in (other.save, lambda: User.objects.bulk_create([other])):
        with pytest.raises(IntegrityError, match=f"accounts_{field}_folded"), transaction.atomic():
            write()


INVISIBLE = ["\u3164", "\u115f", "\u200b\u2060", "\u2800"]


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["username", "first_name", "last_name"])
@pytest.mark.parametrize("name", INVISIBLE)
def test_a_name_of_invisible_characters_is_refused(field, name):
    answer = APIClient().post(REGISTER, {**GOOD, field: name}, format="json")
    assert (answer.status_code, [*answer.json()["errors"]]) == (400, [field])
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_a_profile_takes_an_empty_name_but_no_invisible_one(field):
    api, user = APIClient(), UserFactory(first_name="Anna", last_name="Smith")
    api.force_authenticate(user)
    refused = api.patch("/api/v1/me/", {field: "\u200b"}, format="json")
    assert (refused.status_code, [*refused.json()["errors"]]) == (400, [field])
    assert api.patch("/api/v1/me/", {field: ""}, format="json").json()[field] == ""


@pytest.mark.django_db
def test_the_admin_refuses_an_invisible_username(admin_client):
    values = {"username": "\u3164", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    page = admin_client.post("/admin/auth/user/add/", values)
    assert "username" in page.context["adminform"].form.errors
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["username", "email", "first_name"])
def test_a_megabyte_of_combining_characters_is_refused_at_once(field):
    began = time.perf_counter()
    answer = APIClient().post(REGISTER, {**GOOD, field: "a" + "\u0323\u0301" * 300_000}, format="json")
    assert (answer.status_code, [*answer.json()["errors"]]) == (400, [field])
    answer = APIClient().post(
        "/api/v1/auth/token/", {"username": "\u0323\u0301" * 300_000, "password": PASSWORD}, format="json"
    )
    assert (answer.status_code, [*answer.json()["errors"]]) == (400, ["username"])
    assert time.perf_counter() - began < 2


@pytest.mark.django_db
def test_many_users_may_have_no_address():
    UserFactory.create_batch(2, email="")
    assert User.objects.filter(email="").count() == 2


@pytest.mark.django_db
def test_createsuperuser_makes_no_second_user_of_a_name(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    UserFactory(username="boris")
    with pytest.raises(CommandError, match="already exists"), transaction.atomic():
        call_command("createsuperuser", interactive=False, username="Boris", email="b@example.com")
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", SAME)
def test_signing_in_takes_the_name_in_any_form(client, api, name):
    user = UserFactory(username="Boris")
    user.set_password(PASSWORD)
    user.save()
    answer = api.post("/api/v1/auth/token/", {"username": name, "password": PASSWORD}, format="json")
    assert answer.status_code == 200
    client.post("/accounts/login/", {"username": name, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.django_db
def test_a_user_is_found_by_the_index():
    User.objects.bulk_create(User(username=f"learner-{number}") for number in range(3000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE auth_user")
    users = User.objects.alias(key=NameKey("username")).filter(key="learner")
    assert "Index Cond: (name_key(" in users.explain()
    assert find_user("no-such-user") is None


ADD = "/admin/auth/user/add/"


@pytest.mark.django_db
def test_the_admin_shows_a_taken_name_as_an_error_of_its_field(admin_client):
    UserFactory(username="boris", email="boris@example.com")
    data = {"username": "BORIS", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    page = admin_client.post(ADD, data)
    assert page.status_code == 200
    assert "A user with that username already exists." in page.content.decode()
    other = UserFactory(username="other")
    change = f"/admin/auth/user/{other.pk}/change/"
    data = {
        "username": "other",
        "email": "BORIS@example.com",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00",
    }
    page = admin_client.post(change, data)
    assert page.status_code == 200
    assert "This e-mail address is not available." in page.content.decode()


@pytest.mark.django_db
def test_the_admin_answers_a_lost_race_with_a_message(admin_client, monkeypatch):
    UserFactory(username="boris")
    monkeypatch.setattr("accounts.forms.is_taken", lambda *args, **kwargs: False)
    monkeypatch.setattr(AdminUserCreationForm, "clean_username", lambda form: form.cleaned_data["username"])
    data = {"username": "BORIS", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    page = admin_client.post(ADD, data, follow=True)
    assert page.status_code == 200
    assert "Another user has this name or e-mail address." in page.content.decode()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_migration_refuses_clashes_and_lists_them():
    call_command("migrate", "accounts", "0003", verbosity=0)
    try:
        UserFactory(username="boris", email="b@example.com")
        UserFactory(username="BORIS", email="B@example.com")
        with pytest.raises(
            CommandError, match=r"username: boris, BORIS\n  email: b@example.com, B@example.com|email"
        ):
            call_command("migrate", "accounts", verbosity=0)
        with connection.cursor() as cursor:  # the models are those of later migrations
            cursor.execute("TRUNCATE auth_user CASCADE")
    finally:
        call_command("migrate", "accounts", verbosity=0)
