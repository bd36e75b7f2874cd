"""A billing department's week, over HTTP: a client subscribes, and tomorrow the price changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from services import tasks
from services.models import PriceChange
from tests.clients.callers import signed_in, staff
from tests.factories import UserFactory

DAY = timedelta(days=1)


def iso(moment):
    return moment.isoformat().replace("+00:00", "Z")


def let_a_day_pass():
    """Move all that is recorded a day back, as the database's clock cannot be moved."""
    PriceChange.objects.update(effective_from=F("effective_from") - DAY)


class Person:
    def __init__(self, api):
        self.api = api

    def get(self, path):
        response = self.api.get(f"/api/v1/{path}")
        assert response.status_code == 200, response.content
        return response.json()

    def post(self, path, **body):
        response = self.api.post(f"/api/v1/{path}", body, "json")
        assert response.status_code == 201, response.content
        return response.json()


@pytest.mark.django_db
def test_a_price_for_tomorrow_reaches_every_total_and_the_history_says_who_and_when():
    customer, clerk = UserFactory(), staff("clients", "services")
    office, buyer = Person(signed_in(clerk)), Person(signed_in(customer))
    client = office.post("clients/", user=customer.pk, company_name="Acme", full_address="1 Main Street")
    service = office.post("services/", name="Courses", full_price=100)
    plan = office.post("plans/", plan_type="discount", discount_percent=10)
    parents = {"client_id": client["id"], "service_id": service["id"], "plan_id": plan["id"]}
    subscription = office.post("subscriptions/", **parents)
    assert (subscription["price"], subscription["price_status"]) == (90, "current")
    one, prices = f"subscriptions/{subscription['id']}/", f"services/{service['id']}/prices/"

    tomorrow = timezone.now() + DAY
    scheduled = office.post(prices, full_price=120, effective_from=iso(tomorrow))
    tasks.repair()  # beat: not yet
    assert buyer.get("subscriptions/")["total_amount"] == 90
    assert [row["id"] for row in buyer.get(prices)["results"]] == [scheduled["id"]]
    (then,) = buyer.get(f"{one}prices/?as_of={iso(tomorrow)}")["results"]
    assert (then["price"], then["reason"], then["changed_by"]) == (108, "service", clerk.username)
    (before,) = buyer.get(f"{one}prices/?as_of={iso(tomorrow - timedelta(microseconds=1))}")["results"]
    assert (before["price"], before["effective_to"]) == (90, then["effective_from"])

    let_a_day_pass()
    tasks.repair()  # beat
    assert buyer.get("subscriptions/")["total_amount"] == 108
    assert office.get(f"subscriptions/?service={service['id']}")["total_amount"] == 108
    assert (buyer.get(one)["price"], buyer.get(one)["price_status"]) == (108, "current")
    assert buyer.get(prices)["results"] == []
    now, earlier = buyer.get(f"services/{service['id']}/history/")["results"]
    assert (now["full_price"], now["effective_from"]) == (120, iso(tomorrow - DAY))
    assert (now["changed_by"], now["via"]) == (clerk.username, f"POST /api/v1/{prices}")
    assert (earlier["full_price"], earlier["effective_to"]) == (100, now["effective_from"])
