"""The admin: what its lists cost, what it shows of prices, and what it refuses."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from services.models import Plan, Recalculation, Service, Subscription
from services.recalculation import recalculate
from tests.clients.factories import ClientFactory
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory, make_subscriptions
from tests.support.admin_pages import cells
from tests.support.broker import queued

pytestmark = pytest.mark.django_db


def make_recalculation():
    return Recalculation.objects.create(service=ServiceFactory(), total=10, done=4)


MAKERS = {
    "clients/client": ClientFactory,
    "services/service": lambda: SubscriptionFactory().service,
    "services/plan": lambda: SubscriptionFactory().plan,
    "services/subscription": SubscriptionFactory,
    "services/recalculation": make_recalculation,
    "services/pricechange": lambda: ServiceFactory().price_changes.get(),
}
READ_ONLY = {"services/recalculation", "services/pricechange"}
NOTHING_SCHEDULED = {"price_changes-TOTAL_FORMS": 0, "price_changes-INITIAL_FORMS": 0}


def queries_of(client, address):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", MAKERS)
def test_a_list_costs_the_same_for_1_and_50_rows(admin_client, name):
    address = f"/admin/{name}/?q=a"
    MAKERS[name]()
    for_one = queries_of(admin_client, address), queries_of(admin_client, f"/admin/{name}/")
    for _ in range(49):
        MAKERS[name]()
    assert (queries_of(admin_client, address), queries_of(admin_client, f"/admin/{name}/")) == for_one


@pytest.mark.parametrize("name", MAKERS)
def test_every_page_opens(admin_client, name):
    row = MAKERS[name]()
    assert admin_client.get(f"/admin/{name}/{row.pk}/change/").status_code == 200
    expected = 403 if name in READ_ONLY else 200
    assert admin_client.get(f"/admin/{name}/add/").status_code == expected


@pytest.mark.parametrize("field", ["client", "service", "plan"])
def test_autocomplete_finds_by_text(admin_client, field):
    row = getattr(SubscriptionFactory(), field)
    query = f"app_label=services&model_name=subscription&field_name={field}&term={str(row)[:4]}"
    found = admin_client.get(f"/admin/autocomplete/?{query}").json()["results"]
    assert str(row.pk) in {one["id"] for one in found}


@pytest.mark.parametrize("name", ["service", "plan"])
def test_no_order_repeats_a_row_for_each_of_its_subscriptions(admin_client, name):
    first = SubscriptionFactory()
    SubscriptionFactory.create_batch(2, service=first.service, plan=first.plan)
    for number in range(6):
        page = admin_client.get(f"/admin/services/{name}/?o={number}")
        assert len(page.context["cl"].result_list) == 1


def test_prices_show_their_status(admin_client):
    row = SubscriptionFactory()
    Service.objects.update(full_price=1)
    assert cells(admin_client.get("/admin/services/service/"), "prices") == ["Pending"]
    assert cells(admin_client.get("/admin/services/plan/"), "prices") == ["Current"]
    assert cells(admin_client.get("/admin/services/subscription/"), "price_status") == ["Pending"]
    recalculate()
    assert cells(admin_client.get("/admin/services/service/"), "prices") == ["Current"]
    page = admin_client.get(f"/admin/services/subscription/{row.pk}/change/").content.decode()
    assert "<td>1.00</td><td>price of the service</td><td>SQL by " in page


def test_the_price_status_is_a_filter(admin_client):
    current, pending = SubscriptionFactory(), SubscriptionFactory()
    Service.objects.filter(pk=pending.service_id).update(full_price=1)
    for status, row in ("current", current), ("pending", pending):
        page = admin_client.get(f"/admin/services/subscription/?price_status={status}")
        assert [one.pk for one in page.context["cl"].queryset] == [row.pk]


def test_a_filter_by_date_orders_by_date(admin_client):
    rows = [SubscriptionFactory(), SubscriptionFactory()]
    Subscription.objects.filter(pk=rows[0].pk).update(created_at="2030-01-02T00:00:00Z")
    Subscription.objects.filter(pk=rows[1].pk).update(created_at="2030-01-01T00:00:00Z")
    page = admin_client.get("/admin/services/subscription/?created_at__gte=2030-01-01+00:00:00%2B00:00")
    assert [row.pk for row in page.context["cl"].result_list] == [rows[1].pk, rows[0].pk]


@pytest.mark.parametrize("name", ["service", "plan", "subscription"])
def test_a_recalculation_can_be_requested(admin_client, name, django_capture_on_commit_callbacks):
    row = SubscriptionFactory()
    with django_capture_on_commit_callbacks(execute=True):
        response = admin_client.post(
            f"/admin/services/{name}/",
            {
                "action": "recalculate",
                "_selected_action": [row.pk if name == "subscription" else getattr(row, name).pk],
            },
            follow=True,
        )
    assert "/admin/services/recalculation/" in response.content.decode()
    assert queued() == ["services.tasks.recalculate"]
    assert Subscription.objects.select_related("service", "plan").get().price_status == "pending"
    recalculate()
    assert Subscription.objects.get().priced_at > row.priced_at


def test_progress_is_shown(admin_client):
    make_recalculation()
    assert "4 of 10" in admin_client.get("/admin/services/recalculation/").content.decode()


def test_a_price_saved_in_the_admin_is_followed(admin_client, django_capture_on_commit_callbacks):
    service = SubscriptionFactory().service
    with django_capture_on_commit_callbacks(execute=True):
        form = {"name": "x", "full_price": "9.99", **NOTHING_SCHEDULED}
        admin_client.post(f"/admin/services/service/{service.pk}/change/", form)
    assert queued() == ["services.tasks.recalculate"]
    assert Subscription.objects.select_related("service", "plan").get().price_status == "pending"


@pytest.mark.parametrize("model", [Service, Plan, Client])
def test_what_is_in_use_is_not_deleted_and_not_loaded(admin_client, model):
    make_subscriptions(30)
    row, app, name = model.objects.get(), model._meta.app_label, model._meta.model_name
    address = f"/admin/{app}/{name}/{row.pk}/delete/"
    assert "30 subscriptions" in admin_client.get(address).content.decode()
    admin_client.post(address, {"post": "yes"})
    admin_client.post(
        f"/admin/{app}/{name}/",
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("plan", {"plan_type": "full", "discount_percent": 101}, "less than or equal to 100"),
        ("plan", {"plan_type": "full", "discount_percent": -1}, "greater than or equal to 0"),
        ("service", {"name": "x", "full_price": -1}, "greater than or equal to 0"),
    ],
)
def test_bad_input_is_explained_in_the_form(admin_client, name, values, message):
    page = admin_client.post(f"/admin/services/{name}/add/", values)
    assert message in page.content.decode()
    assert not {"plan": Plan, "service": Service}[name].objects.exists()


def test_what_is_not_in_use_is_deleted(admin_client):
    for model, factory in (Service, ServiceFactory), (Plan, PlanFactory), (Client, ClientFactory):
        row = factory()
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/delete/"
        admin_client.post(address, {"post": "yes"})
        assert not model.objects.exists()
