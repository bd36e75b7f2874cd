"""Tokens and links in the admin."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions import issue_access_token
from accounts.models import AccessToken, Session
from messaging.models import LinkToken, TelegramAccount
from messaging.telegram.linking import issue_link_token
from tests.factories import UserFactory

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
        assert row.session_key not in shown, page
    assert admin_client.post(address(Session, "delete", row.pk), {"post": "yes"}).status_code == 302
    assert not Session.objects.filter(user=user).exists()
