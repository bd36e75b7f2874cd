"""The sessions of a user: their list, what ends them, and what they know."""

from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Session
from accounts.sessions import SessionStore
from core import redis_state
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

SESSIONS = "/api/v1/auth/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"


def signed_in(user, agent=FIREFOX):
    if not user.has_usable_password() or not user.password:
        user.set_password("correct horse")
        user.save()
    client = Client(headers={"User-Agent": agent})
    client.post("/accounts/login/", {"username": user.username, "password": "correct horse"})
    return client


@pytest.fixture
def user(user):
    user.set_password("correct horse")
    user.save()
    return user


def test_the_list_says_when_where_and_which_is_this(user):
    before = timezone.now()
    this, other = signed_in(user), signed_in(user, "curl/8 " + "x" * 300)
    signed_in(UserFactory())
    page = this.get(SESSIONS).json()
    assert page["count"] == 2
    assert [row["is_current"] for row in page["results"]] == [False, True]
    assert [row["agent"] for row in page["results"]] == [("curl/8 " + "x" * 300)[:200], FIREFOX]
    for row in page["results"]:
        assert set(row) == {"id", "signed_in_at", "last_used_at", "expire_date", "agent", "is_current"}
        assert row["signed_in_at"] >= before.isoformat()[:19]
    keys = [client.cookies["sessionid"].value for client in (this, other)]
    assert not any(key in str(page) for key in keys)


def test_the_last_use_is_that_of_the_last_request_and_costs_no_write(user):
    client = signed_in(user)
    public = Session.objects.get(user=user).public_id
    redis_state.client().set(f"session-used:{public}", 1_000_000_000)
    with CaptureQueriesContext(connection) as statements:
        client.get("/api/v1/me/")
    assert not [one["sql"] for one in statements if not one["sql"].startswith("SELECT")]
    used = client.get(SESSIONS).json()["results"][0]["last_used_at"]
    assert used[:4] != "2001"


def test_without_redis_the_last_use_is_the_signing_in(user, own_redis):
    start, stop = own_redis
    start()
    client = signed_in(user)
    stop()
    row = client.get(SESSIONS).json()["results"][0]
    assert row["last_used_at"] == row["signed_in_at"]
    start()


def test_one_session_is_ended_and_no_other(user):
    this, other, stranger = signed_in(user), signed_in(user), signed_in(UserFactory(username="boris"))
    theirs = Session.objects.exclude(user=user).get().public_id
    rows = this.get(SESSIONS).json()["results"]
    assert this.delete(f"{SESSIONS}{theirs}/").status_code == 404
    assert this.delete(f"{SESSIONS}{rows[0]['id']}/").status_code == 204
    assert [one.get("/api/v1/me/").status_code for one in (this, other, stranger)] == [200, 401, 200]
    assert this.delete(f"{SESSIONS}{rows[1]['id']}/").status_code == 204
    assert this.get("/api/v1/me/").status_code == 401


def test_all_others_are_ended_at_once(user):
    clients = [signed_in(user), signed_in(user), signed_in(user), signed_in(UserFactory(username="boris"))]
    assert clients[1].delete(SESSIONS).status_code == 204
    assert [one.get("/api/v1/me/").status_code for one in clients] == [401, 200, 401, 200]


@pytest.mark.parametrize("number", [1, 50])
def test_the_list_costs_the_same_for_1_and_50(user, number, django_assert_num_queries):
    for _ in range(number):
        Client().force_login(user)
    client = Client()
    client.force_login(user)
    with django_assert_num_queries(4):  # the session, the caller, the count, the page
        client.get(SESSIONS)


def test_sessions_of_an_old_password_are_not_listed(user):
    signed_in(user)
    user.set_password("another horse")
    user.save()
    client = Client()
    client.force_login(user)
    assert client.get(SESSIONS).json()["count"] == 1


def test_a_session_without_a_user_is_stored_as_any():
    store = SessionStore()
    store["language"] = "uk"
    store.save()
    assert SessionStore(store.session_key)["language"] == "uk"
    assert Session.objects.get().user is None


@pytest.mark.parametrize("key", ["\0" * 32, "A" * 32, "x", "é" * 32])
def test_a_key_of_another_form_is_no_session(key):
    cookie = f"{settings.SESSION_COOKIE_NAME}={key}"  # as a header: Python's own cookies refuse some of them
    assert Client().get("/api/v1/me/", headers={"Cookie": cookie}).status_code in {400, 401}


def test_an_upgrade_keeps_the_sessions_of_users(user):
    """By the migrations themselves, on rows as the release before made them."""
    old = DjangoStore()
    old.update({"_auth_user_id": str(user.pk), "_auth_user_hash": user.get_session_auth_hash()})
    old["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    old.save(must_create=True)
    nameless = DjangoStore()
    nameless.save(must_create=True)
    loader = MigrationLoader(connection)
    key = ("accounts", "0006_session_without_key")
    before = loader.project_state(("accounts", "0005_sessions_and_resets"))
    after = loader.get_migration(*key)
    with connection.schema_editor() as editor:
        after.unapply(before.clone(), editor)
        import_module("accounts.migrations.0005_sessions_and_resets").move_sessions(before.apps, editor)
        after.apply(before.clone(), editor)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = old.session_key
    assert client.get("/api/v1/me/").status_code == 200
    assert client.get(SESSIONS).json()["count"] == 1
    assert Session.objects.count() == 1


def test_the_database_and_its_statements_hold_no_key_of_a_session(user):
    with CaptureQueriesContext(connection) as statements:
        client = signed_in(user)
        assert client.get("/api/v1/me/").status_code == 200
        client.get(SESSIONS)
        client.delete(SESSIONS)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert len(statements) > 5
    assert not any(key in one["sql"] for one in statements)
    assert key not in str(Session.objects.values_list().get())
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = Session.objects.get().public_id
    assert thief.get("/api/v1/me/").status_code == 401


def test_expired_sessions_are_deleted(user):
    signed_in(user)
    Session.objects.update(expire_date=timezone.now())
    call_command("clearsessions")
    assert not Session.objects.exists()
