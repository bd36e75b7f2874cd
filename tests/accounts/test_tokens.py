"""Access tokens: how long they are valid, what ends them, and their list."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.actions import issue_access_token
from accounts.models import AccessToken
from accounts.tasks import delete_expired_tokens
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

TOKENS = "/api/v1/auth/tokens/"


def client_of(user):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Token {issue_access_token(user=user)}")
    return client


def status_of(client):
    return client.get("/api/v1/me/").status_code


@pytest.fixture
def client(user):
    return client_of(user)


def test_a_token_is_valid_for_the_days_of_the_setting(user, settings):
    settings.TOKEN_TTL_DAYS = 7
    client = client_of(user)
    expiry = AccessToken.objects.get().expires_at
    assert timedelta(days=6.99) < expiry - timezone.now() <= timedelta(days=7)
    AccessToken.objects.update(expires_at=timezone.now())
    assert status_of(client) == 401


def save_password(user):
    user.set_password("another-password")
    user.save()


def update_password(user):
    User.objects.filter(pk=user.pk).update(password="md5$salt$hash")


@pytest.mark.parametrize("change", [save_password, update_password])
def test_tokens_end_with_the_password_however_it_changes(user, client, change):
    assert status_of(client) == 200
    change(user)
    assert status_of(client) == 401


def test_tokens_of_a_new_password_do_not_bring_back_the_old_ones(user, client):
    save_password(user)
    new = client_of(user)
    assert (status_of(client), status_of(new)) == (401, 200)
    assert new.get(TOKENS).json()["count"] == 1


def test_tokens_end_with_deactivation_and_stay_ended(user, client):
    user.is_active = False
    user.save()
    assert status_of(client) == 401
    user.is_active = True
    user.save()
    assert status_of(client) == 401


def test_the_list_holds_the_callers_valid_tokens_and_no_secret(user, client):
    client_of(UserFactory())
    other = client_of(user)
    issue_access_token(user=user)
    AccessToken.objects.filter(pk=AccessToken.objects.first().pk).update(expires_at=timezone.now())
    page = client.get(TOKENS).json()
    assert page["count"] == 2
    assert [row["is_current"] for row in page["results"]] == [False, True]
    assert set(page["results"][0]) == {"id", "created_at", "expires_at", "is_current"}
    assert [row["is_current"] for row in other.get(TOKENS).json()["results"]] == [True, False]


@pytest.mark.parametrize("number", [1, 50])
def test_the_list_costs_the_same_for_1_and_50(user, client, number, django_assert_num_queries):
    for _ in range(number):
        issue_access_token(user=user)
    with django_assert_num_queries(3):  # the caller, the count, the page
        client.get(TOKENS)


def test_one_token_is_ended_and_no_other(user, client):
    other = client_of(user)
    other_id = AccessToken.objects.first().pk
    assert client.delete(f"{TOKENS}{other_id}/").status_code == 204
    assert (status_of(client), status_of(other)) == (200, 401)
    assert client.delete(f"{TOKENS}{other_id}/").status_code == 404


@pytest.mark.parametrize("pk", ["0", "9" * 40])
def test_a_token_that_does_not_exist_is_a_404(client, pk):
    assert client.delete(f"{TOKENS}{pk}/").status_code == 404


def test_another_users_token_is_a_404(client):
    stranger = client_of(UserFactory())
    assert client.delete(f"{TOKENS}{AccessToken.objects.first().pk}/").status_code == 404
    assert status_of(stranger) == 200


def test_all_tokens_are_ended_at_once(user, client):
    clients = [client, client_of(user), client_of(UserFactory())]
    assert client.delete(TOKENS).status_code == 204
    assert [status_of(one) for one in clients] == [401, 401, 200]


def test_expired_tokens_are_deleted_by_the_periodic_task(user, client):
    issue_access_token(user=user)
    AccessToken.objects.filter(pk=AccessToken.objects.first().pk).update(expires_at=timezone.now())
    delete_expired_tokens()
    assert AccessToken.objects.count() == 1
    assert status_of(client) == 200
