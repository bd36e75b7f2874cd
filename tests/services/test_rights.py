"""Who may do what: every address, every verb, every kind of caller."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission

from services.models import Plan, PriceChange, Service
from services.urls import source_urlpatterns, urlpatterns
from tests.clients.callers import ANONYMOUS, CALLERS, OTHER, OWN, answer, signed_in
from tests.clients.factories import ClientFactory
from tests.factories import UserFactory
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory
from tests.support.answers import problem

pytestmark = pytest.mark.django_db
LATER = datetime(2100, 1, 1, tzinfo=UTC)

# What each caller is answered, in the order of CALLERS: anonymous, other, own, staff without, staff.
MATRIX = {
    ("GET", "subscriptions/"): (401, 200, 200, 403, 200),
    ("POST", "subscriptions/"): (401, 403, 403, 403, 201),
    ("GET", "subscriptions/{subscription}/"): (401, 404, 200, 403, 200),
    ("PUT", "subscriptions/{subscription}/"): (401, 403, 403, 403, 200),
    ("PATCH", "subscriptions/{subscription}/"): (401, 403, 403, 403, 200),
    ("DELETE", "subscriptions/{subscription}/"): (401, 403, 403, 403, 204),
    ("POST", "subscriptions/{subscription}/recalculate/"): (401, 403, 403, 403, 202),
    ("GET", "subscriptions/{subscription}/prices/"): (401, 404, 200, 403, 200),
    ("GET", "services/"): (401, 200, 200, 200, 200),
    ("POST", "services/"): (401, 403, 403, 403, 201),
    ("GET", "services/{service}/"): (401, 200, 200, 200, 200),
    ("PUT", "services/{service}/"): (401, 403, 403, 403, 200),
    ("PATCH", "services/{service}/"): (401, 403, 403, 403, 200),
    ("DELETE", "services/{service}/"): (401, 403, 403, 403, 409),
    ("DELETE", "services/{free_service}/"): (401, 403, 403, 403, 204),
    ("GET", "services/{service}/history/"): (401, 200, 200, 200, 200),
    ("GET", "services/{service}/prices/"): (401, 200, 200, 200, 200),
    ("POST", "services/{service}/prices/"): (401, 403, 403, 403, 201),
    ("GET", "services/{service}/prices/{price}/"): (401, 200, 200, 200, 200),
    ("DELETE", "services/{service}/prices/{price}/"): (401, 403, 403, 403, 204),
    ("GET", "plans/"): (401, 200, 200, 200, 200),
    ("POST", "plans/"): (401, 403, 403, 403, 201),
    ("GET", "plans/{plan}/"): (401, 200, 200, 200, 200),
    ("PUT", "plans/{plan}/"): (401, 403, 403, 403, 200),
    ("PATCH", "plans/{plan}/"): (401, 403, 403, 403, 200),
    ("DELETE", "plans/{plan}/"): (401, 403, 403, 403, 409),
    ("DELETE", "plans/{free_plan}/"): (401, 403, 403, 403, 204),
    ("GET", "plans/{plan}/history/"): (401, 200, 200, 200, 200),
    ("GET", "plans/{plan}/discounts/"): (401, 200, 200, 200, 200),
    ("POST", "plans/{plan}/discounts/"): (401, 403, 403, 403, 201),
    ("GET", "plans/{plan}/discounts/{discount}/"): (401, 200, 200, 200, 200),
    ("DELETE", "plans/{plan}/discounts/{discount}/"): (401, 403, 403, 403, 204),
    ("GET", "recalculations/"): (401, 403, 403, 403, 200),
    ("POST", "recalculations/"): (401, 403, 403, 403, 405),
}


# The source's own address answers the same.
ADDRESSES = [(verb, f"/api/v1/{path}") for verb, path in MATRIX] + [
    (verb, f"/api/{path}")
    for verb, path in MATRIX
    if path.startswith("subscriptions/") and not path.endswith(("recalculate/", "prices/"))
]


@pytest.fixture
def ids(own_client):
    row = SubscriptionFactory(client=own_client)
    return {
        "subscription": row.pk,
        "client": row.client_id,
        "service": row.service_id,
        "plan": row.plan_id,
        "free_service": ServiceFactory().pk,
        "free_plan": PlanFactory().pk,
        "price": PriceChange.objects.create(service=row.service, value=1, effective_from=LATER).pk,
        "discount": PriceChange.objects.create(plan=row.plan, value=1, effective_from=LATER).pk,
    }


def body_of(verb, address, ids):
    if verb not in {"POST", "PUT", "PATCH"} or address.endswith("recalculate/"):
        return None
    if address.endswith(("/prices/", "/discounts/")):
        value = "full_price" if "services" in address else "discount_percent"
        return {value: 5, "effective_from": "2101-01-01T00:00:00Z"}
    if "services" in address:
        return {"name": "New", "full_price": 9.99}
    if "plans" in address:
        return {"plan_type": "student", "discount_percent": 7}
    return {name: ids[name] for name in ("client", "service", "plan")}


@pytest.mark.parametrize("kind", CALLERS)
@pytest.mark.parametrize(("verb", "address"), ADDRESSES)
def test_each_caller_is_answered_as_the_matrix_says(ids, caller, verb, address, kind):
    expected = MATRIX[verb, address.removeprefix("/api/").removeprefix("v1/")]
    response = answer(caller(kind), verb, address.format(**ids), body_of(verb, address, ids))
    assert response.status_code == expected[CALLERS.index(kind)], response.content
    if kind == ANONYMOUS:
        assert response["WWW-Authenticate"] == "Token"


def test_the_matrix_knows_every_address():
    known = {re.sub(r"\{\w+\}", "<>", path) for _, path in MATRIX}
    patterns = [str(pattern.pattern) for pattern in [*urlpatterns, *source_urlpatterns]]
    assert {re.sub(r"<[\w:]+>", "<>", pattern) for pattern in patterns} == known


def test_a_clients_user_sees_that_clients_subscriptions_and_their_total(ids, caller):
    SubscriptionFactory(service=ServiceFactory(full_price=1000))
    for path in ("", f"?client={ids['client']}"):
        body = caller(OWN).get(f"/api/v1/subscriptions/{path}").json()
        assert [row["id"] for row in body["result"]] == [ids["subscription"]]
        assert (body["count"], body["total_amount"]) == (1, 250)


def test_a_filter_by_another_client_finds_nothing(ids, caller):
    body = caller(OTHER).get(f"/api/v1/subscriptions/?client={ids['client']}").json()
    assert (body["count"], body["result"], body["total_amount"]) == (0, [], 0)


def test_totals_for_one_caller_are_not_given_to_another(ids, caller):
    other = ClientFactory()
    SubscriptionFactory(client=other)
    totals = [
        api.get("/api/v1/subscriptions/").json()["total_amount"]
        for api in (caller("staff"), caller(OWN), signed_in(other.user), caller("staff"), caller(OWN))
    ]
    assert totals == [500, 250, 250, 500, 250]


def test_a_permission_without_staff_does_not_open_the_list():
    user = UserFactory()
    user.user_permissions.add(Permission.objects.get(codename="view_subscription"))
    problem(signed_in(user).get("/api/v1/subscriptions/"), 403)


@pytest.mark.parametrize("model", [Service, Plan])
def test_what_is_in_use_says_by_how_many(ids, caller, model):
    name = model._meta.model_name
    detail = problem(caller("staff").delete(f"/api/v1/{name}s/{ids[name]}/"), 409)["detail"]
    assert detail == f"This {name} is in use by 1 subscription: delete or move them first."
    assert model.objects.filter(pk=ids[name]).exists()


def test_the_right_to_write_does_not_show_what_the_user_may_not_read():
    other, user = SubscriptionFactory(), UserFactory()
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["add_subscription", "change_subscription"])
    )
    api, address = signed_in(user), "/api/v1/subscriptions/"
    fields = {"client": other.client_id, "service": other.service_id, "plan": other.plan_id}
    for verb, path, body in [("PATCH", f"{address}{other.pk}/", {}), ("POST", address, fields)]:
        problem(answer(api, verb, path, body), 403)
    own = SubscriptionFactory(client__user=user)
    assert answer(api, "PATCH", f"{address}{own.pk}/", {}).status_code == 200
    problem(answer(api, "PATCH", f"{address}{other.pk}/", {}), 404)
    problem(answer(api, "PATCH", f"{address}{own.pk}/", {"client": other.client_id}), 403)
    own.refresh_from_db()
    assert own.client.user == user
