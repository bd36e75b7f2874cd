"""Tokens and links in the admin."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions import issue_access_token
from accounts.models import AccessToken, Session
from clients.models import Client as Company
from messaging.models import LinkToken, TelegramAccount
from messaging.telegram.linking import issue_link_token
from tests.factories import UserFactory
from tests.tasks.factories import TaskFactory, TaskListFactory

MODELS = [AccessToken, LinkToken, TelegramAccount]


def address(model, view, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


def fill(number):
    for count, user in enumerate(UserFactory.create_batch(number), start=1):
        issue_access_token(user=user)
        issue_link_token(user=user)
        TelegramAccount.objects.create(user=user, telegram_id=user.pk * 10 + count)


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_shown_searched_and_deleted_but_never_made(admin_client, model):
    fill(1)
    row = model.objects.get()
    assert row.user.username in admin_client.get(address(model, "changelist")).content.decode()
    found = admin_client.get(address(model, "changelist"), {"q": row.user.username})
    assert found.context["cl"].result_count == 1
    page = admin_client.get(address(model, "change", row.pk)).content.decode()
    assert getattr(row, "token_hash", "never") not in page
    assert admin_client.get(address(model, "add")).status_code == 403
    assert admin_client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 302
    assert not model.objects.exists()


@pytest.mark.parametrize("model", MODELS)
def test_a_list_costs_the_same_for_1_and_50(admin_client, model):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(address(model, "changelist")).status_code == 200
        return len(captured)

    fill(1)
    queries()  # the first request learns the content types
    before = queries()
    fill(49)
    assert queries() == before


def test_no_page_shows_the_key_of_a_session(admin_client, client, user):
    client.force_login(user)
    row = Session.objects.get(user=user)
    pages = [("changelist",), ("change", row.pk), ("history", row.pk), ("delete", row.pk), ("export", "csv")]
    for page in pages:
        shown = admin_client.get(address(Session, *page)).getvalue().decode()
        assert user.username in shown
        assert client.session.session_key not in shown, page
    assert admin_client.post(address(Session, "delete", row.pk), {"post": "yes"}).status_code == 302
    assert not Session.objects.filter(user=user).exists()


def make_owner(**names):
    """Return a user who owns a list, of which member is a member, and one that is theirs alone."""
    owner = UserFactory(**names)
    for task_list in (
        TaskListFactory(name="Launch", owner=owner, members=[User.objects.get(username="member")]),
        TaskListFactory(name="Alone", owner=owner),
    ):
        TaskFactory(task_list=task_list)
    return owner


def delete_one(client, user):
    return client.post(address(User, "delete", user.pk), {"post": "yes"})


def delete_selected(client, user):
    body = {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"}
    return client.post(address(User, "changelist"), body)


@pytest.mark.parametrize("delete", [delete_one, delete_selected])
def test_a_user_is_deleted_as_by_themselves(admin_client, delete):
    """Lists go to a member, and a user that a company needs stays without a name."""
    member = UserFactory(username="member")
    owner, needed = make_owner(username="owner"), make_owner(username="needed")
    User.objects.filter(pk=owner.pk).update(is_active=False)
    Company.objects.create(user=needed, company_name="Company", full_address="Address")
    for user in (owner, needed):
        assert delete(admin_client, user).status_code == 302
    assert not User.objects.filter(pk=owner.pk).exists()
    needed.refresh_from_db()
    assert (needed.username[:8], needed.is_active) == ("deleted-", False)
    lists = member.task_lists.order_by("pk")
    assert [found.name for found in lists] == ["Launch", f"Launch ({lists[1].pk})"]
    assert [found.tasks.count() for found in lists] == [1, 1]
    assert set(LogEntry.objects.values_list("object_repr", flat=True)) == {"[deleted user]"}


def test_the_page_that_asks_for_confirmation_says_what_becomes_of_the_rows(admin_client):
    UserFactory(username="member")
    owner = make_owner(username="owner")
    Company.objects.create(user=owner, company_name="Company", full_address="Address")
    selected = {"action": "delete_selected", "_selected_action": [owner.pk]}
    pages = [
        admin_client.get(address(User, "delete", owner.pk)),
        admin_client.post(address(User, "changelist"), selected),
    ]
    for page in pages:
        shown = page.content.decode()
        assert "The list Launch goes to member, with its tasks." in shown
        assert "The list Alone is deleted with its tasks" in shown
        assert "who loses name, address, password and rights: 1 clients" in shown
        assert 'value="Yes, I’m sure"' in shown


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (AccessToken, "token_hash__startswith"),
        (AccessToken, "auth_hash__startswith"),
        (AccessToken, "user__password__startswith"),
        (Session, "session_data__startswith"),
        (LinkToken, "token_hash__startswith"),
    ],
)
def test_a_list_is_not_filtered_by_a_secret_column(admin_client, model, lookup):
    fill(1)
    assert admin_client.get(address(model, "changelist"), {lookup: "a"}).status_code == 400
