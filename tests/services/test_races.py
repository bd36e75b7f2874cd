"""A service, plan or client is deleted while a subscription is added or moved: 409, never 500."""

from __future__ import annotations

from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from rest_framework.test import APIClient

from clients.models import Client
from services.models import Plan, Service, Subscription
from tests.clients.factories import ClientFactory
from tests.factories import UserFactory
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE, ROUNDS = 30, 4
PARENTS = {"client": ClientFactory, "service": ServiceFactory, "plan": PlanFactory}
# 400: the parent was gone when the body was validated. 404: another request has deleted it.
WRITTEN, REFUSED, DELETED, KEPT = {200, 201}, {400, 409}, {204}, {404, 409}


@pytest.fixture
def admin():
    return UserFactory(is_staff=True, is_superuser=True)


def api(user: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    return client


def assert_consistent(statuses: list[int], parent, name: str) -> None:
    counts = Counter(statuses)
    assert set(counts) <= WRITTEN | REFUSED | DELETED | KEPT, counts
    exists = type(parent)._default_manager.filter(pk=parent.pk).exists()
    children = Subscription.objects.filter(**{f"{name}_id": parent.pk}).count()
    assert counts[204] == (0 if exists else 1)
    assert children == counts[200] + counts[201]
    assert exists or not children


@pytest.mark.parametrize("name", PARENTS)
@pytest.mark.parametrize("way", ["added", "moved"])
def test_a_parent_deleted_while_subscriptions_are_written_is_a_conflict(admin, name, way):
    for _ in range(ROUNDS):
        ids = {other: factory().pk for other, factory in PARENTS.items()}
        parent = PARENTS[name]()
        rows = [SubscriptionFactory() for _ in range(AT_ONCE - 3)] if way == "moved" else []

        def write(number, ids=ids, parent=parent, rows=rows):
            if way == "added":
                body = ids | {name: parent.pk}
                return api(admin).post("/api/v1/subscriptions/", body, format="json").status_code
            address = f"/api/v1/subscriptions/{rows[number].pk}/"
            return api(admin).patch(address, {name: parent.pk}, format="json").status_code

        def delete(parent=parent):
            return api(admin).delete(f"/api/v1/{name}s/{parent.pk}/").status_code

        writes = [lambda number=number: write(number) for number in range(AT_ONCE - 3)]
        assert_consistent(
            at_once(*writes[:9], delete, *writes[9:18], delete, *writes[18:], delete), parent, name
        )


@pytest.mark.parametrize("model", [Service, Plan, Client])
def test_the_admins_forms_lose_the_same_race_with_a_page(admin, model):
    name = model._meta.model_name

    def add(ids):
        browser = Browser(raise_request_exception=False)
        browser.force_login(admin)
        return browser.post("/admin/services/subscription/add/", ids).status_code

    def delete(parent):
        browser = Browser(raise_request_exception=False)
        browser.force_login(admin)
        address = f"/admin/{model._meta.app_label}/{name}/{parent.pk}/delete/"
        return browser.post(address, {"post": "yes"}).status_code

    for _ in range(ROUNDS):
        parent = PARENTS[name]()
        ids = {other: factory().pk for other, factory in PARENTS.items()} | {name: parent.pk}
        adds = [lambda ids=ids: add(ids) for _ in range(7)]
        statuses = at_once(*adds, lambda parent=parent: delete(parent), *adds)
        assert set(statuses) <= {200, 302, 409}, statuses
        children = Subscription.objects.filter(**{f"{name}_id": parent.pk}).exists()
        assert not children or model.objects.filter(pk=parent.pk).exists()


def test_a_client_whose_user_is_deleted_while_it_is_added_is_a_conflict(admin):
    for _ in range(ROUNDS):
        user = UserFactory()
        body = {"user": user.pk, "company_name": "x", "full_address": "x"}

        def add(body=body):
            return api(admin).post("/api/v1/clients/", body, format="json").status_code

        def delete(pk=user.pk):
            browser = Browser(raise_request_exception=False)
            browser.force_login(admin)
            return browser.post(f"/admin/auth/user/{pk}/delete/", {"post": "yes"}).status_code

        statuses = at_once(add, delete, add, add)
        assert set(statuses) <= {200, 201, 302, 400, 403, 409}, statuses
        has_client = Client.objects.filter(user_id=user.pk).exists()
        assert not has_client or User.objects.filter(pk=user.pk).exists()
