"""The end of an account, and the export of everything that is known of it."""

import json
from functools import partial, reduce
from operator import or_

import pytest
from django.apps import apps
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import CharField, JSONField, Q, TextField
from django.db.models.functions import Cast
from django.test import Client
from rest_framework.test import APIClient

from accounts.actions import issue_access_token
from clients.models import Client as Company
from core.history import record_change, record_deletion
from core.personal_data import keys_to, models_of_users
from courses.models import Category
from messaging.models import OutgoingMessage, TelegramAccount, VerifiedEmail
from tests.courses.factories import CourseFactory
from tests.factories import UserFactory
from tests.support.addresses import make_rows
from tests.support.threads import Other, at_once
from topics.models import Topic

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"
PASSWORD = "correct horse battery"


@pytest.fixture
def user(user):
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def staff():
    return UserFactory(username="staff", is_staff=True)


def client_of(user):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Token {issue_access_token(user=user)}")
    return client


def delete(client, password=PASSWORD):
    return client.delete(ME, {"password": password}, "json")


def rows_left(user_id):
    """Return how many rows still refer to the user, by model."""
    rows = {
        key.model.__name__: key.model._base_manager.filter(**{key.name: user_id}) for key in keys_to(User)
    }
    return {name: found.count() for name, found in rows.items() if found.exists()}


def fill(user):
    """Make a row of nearly every kind that a user can have."""
    make_rows(user)
    Client().force_login(user)
    TelegramAccount.objects.create(user=user, telegram_id=700_000_001)
    OutgoingMessage.objects.create(user=user, kind="text", payload={"text": "Hello"}, dedupe_key="test")
    Topic.objects.get(created_by=user).subscribers.add(user)
    user.groups.add(Group.objects.create(name="editors"))
    users = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=UserFactory(), content_type=users, object_id=user.pk, object_repr="anna", action_flag=2
    )


def test_everything_of_a_user_goes_with_the_account(user):
    client = client_of(user)
    fill(user)
    user.client.subscriptions.all().delete()
    user.client.delete()
    assert len(rows_left(user.pk)) > 10
    assert delete(client).status_code == 204
    assert not User.objects.filter(pk=user.pk).exists()
    assert rows_left(user.pk) == {}
    assert Topic.objects.get(name="Topic").created_by is None
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["[deleted user]"]
    assert client.get(ME).status_code == 401
    call_command("check", fail_level="ERROR")


def test_a_user_that_a_company_needs_stays_without_a_name(user):
    client = client_of(user)
    fill(user)
    assert delete(client).status_code == 204
    left = User.objects.get(pk=user.pk)
    assert left.username.startswith("deleted-")
    assert (left.email, left.first_name, left.last_name, left.is_active) == ("", "", "", False)
    assert not left.has_usable_password()
    assert rows_left(user.pk) == {"Client": 1}
    assert Company.objects.get().subscriptions.count() == 1
    assert client.get(ME).status_code == 401


def texts_with(*words):
    """Return the columns of any table that have one of the words, with the text."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, CharField | TextField | JSONField):
                rows = model._base_manager.annotate(text_of_it=Cast(field.name, TextField()))
                found = rows.filter(reduce(or_, (Q(text_of_it__icontains=word) for word in words)))
                name = f"{model.__name__}.{field.name}"
                yield from ((name, text) for text in found.values_list("text_of_it", flat=True))


@pytest.mark.parametrize("is_needed", [False, True])
def test_no_text_of_any_table_keeps_the_name_or_the_address(user, staff, is_needed):
    """Staff have changed each row of the user, and deleted an enrollment, before the account is deleted."""
    User.objects.filter(pk=user.pk).update(username="zoé+1", email="zoe.private@example.com")
    user.refresh_from_db()
    fill(user)
    VerifiedEmail.objects.update_or_create(user=user, defaults={"address": user.email})
    for model in {*models_of_users(), User} - {LogEntry}:
        for row in model._base_manager.all():
            record_change(staff, row, ["id"])
    topic = Topic.objects.get(created_by=user)
    added = {"name": "subscription", "object": f"{user} → {topic}"}
    LogEntry.objects.log_actions(staff.pk, [topic], 2, [{"added": added}, {"changed": {"fields": ["Name"]}}])
    record_deletion(staff, user.enrollments.get())
    user.enrollments.get().delete()
    course = CourseFactory(pk=2, title=f"The life of {user}", category=Category.objects.get())
    record_change(staff, course, ["title"])
    if not is_needed:
        user.client.subscriptions.all().delete()
        user.client.delete()
    assert len(list(texts_with("zoé", "zoe.private"))) > 10
    assert delete(client_of(user)).status_code == 204
    assert sorted(texts_with("zoé", "zoe.private")) == [
        ("Course.title", "The life of zoé+1"),
        ("LogEntry.object_repr", "The life of zoé+1"),
    ]
    assert LogEntry.objects.filter(object_repr="[deleted user] in Course", action_flag=DELETION).exists()
    changed = LogEntry.objects.get(change_message__contains="added")
    assert changed.get_change_message() == "Added subscription “[deleted user] → Topic”. Changed Name."


@pytest.mark.parametrize("data", [{}, {"password": "wrong"}, {"password": ""}, {"password": None}])
def test_without_the_password_nothing_is_deleted(user, data):
    answer = client_of(user).delete(ME, data, "json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["password"])
    assert User.objects.filter(pk=user.pk, is_active=True).exists()


def test_a_deletion_has_to_match_what_the_client_saw(user):
    client = client_of(user)
    etag = client.get(ME)["ETag"]
    User.objects.update(first_name="Other")
    headers = {"If-Match": etag}
    data = {"password": PASSWORD}
    assert client.delete(ME, data, "json", headers=headers).status_code == 412
    assert User.objects.filter(pk=user.pk).exists()
    headers = {"If-Match": client.get(ME)["ETag"]}
    assert client.delete(ME, data, "json", headers=headers).status_code == 204


def test_guesses_are_limited(user):
    client = client_of(user)
    assert [delete(client, "wrong").status_code for _ in range(11)] == [400] * 10 + [429]


def test_the_export_holds_every_table_and_no_secret(user):
    client = client_of(user)
    fill(user)
    answer = client.get(f"{ME}export/")
    assert answer["Content-Disposition"] == 'attachment; filename="account.json"'
    assert "no-store" in answer["Cache-Control"]
    exported = json.loads(answer.content)
    account = exported.pop("account")
    assert (account["username"], account["email"]) == ("anna", "anna@example.com")
    for key in keys_to(User):
        assert f"{key.model._meta.label_lower}.{key.name}" in exported
    [enrollment] = exported["courses.enrollment.user"]
    assert enrollment["course_title"] == "Course"
    assert exported["courses.certificate.enrollment.user"][0]["course_title"]
    assert exported["tasks.task.assigned_to"][0]["task_list_name"] == "List"
    assert exported["services.subscription.client.user"][0]["service_name"] == "Service"
    assert exported["messaging.outgoingmessage.user"][0]["payload"] == {"text": "Hello"}
    assert exported["clients.client.user"][0]["company_name"] == "Company"
    text = answer.content.decode()
    secrets = [
        user.password,
        user.access_tokens.get().token_hash,
        user.sessions.get().session_data,
        user.get_session_auth_hash(),
    ]
    assert not any(secret in text for secret in secrets)


def test_the_export_costs_the_same_for_1_and_50(user, django_assert_num_queries):
    client = client_of(user)
    tables = len(json.loads(client.get(f"{ME}export/").content))
    for number in range(50):
        Topic.objects.create(name=f"Topic {number}", created_by=user)
    with django_assert_num_queries(tables + 1):  # and the caller
        client.get(f"{ME}export/")


@pytest.mark.django_db(transaction=True)
def test_of_two_deletions_at_once_one_deletes(user):
    clients = [client_of(user), client_of(user)]
    answers = at_once(*[partial(delete, client) for client in clients])
    assert sorted(answer.status_code for answer in answers) == [204, 401]
    assert not VerifiedEmail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_company_that_is_added_during_the_deletion_is_a_conflict(user):
    client = client_of(user)
    with transaction.atomic():
        Company.objects.create(user=user, company_name="Company", full_address="Address")
        connection.check_constraints()  # as the API does, before it answers
        other = Other(partial(delete, client))
        other.wait_until_it_waits()
    assert other.result().status_code == 409
    assert User.objects.get(pk=user.pk).username == "anna"
    assert delete(client).status_code == 204
    assert Company.objects.get().user.username.startswith("deleted-")
