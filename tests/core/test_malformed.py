"""Requests to the admin that are made by hand: a 4xx or the page, never a 5xx."""

from __future__ import annotations

from itertools import cycle, islice

import pytest
from django.contrib import admin
from django.db import models, transaction
from django.urls import reverse

pytestmark = pytest.mark.django_db

# Values that some look-up, template tag or database cannot use.
VALUES = [
    "%00",
    "0",
    "-1",
    "1.5",
    "99999999999999999999",
    "1e400",
    "NaN",
    "Infinity",
    "10000-01-01",
    "0000-00-00",
    "%F0%9F%98%80",
    "%ED%A0%80",
    "[",
    "(",
    "",
]
LOOKUPS = ["exact", "in", "isnull", "regex", "range", "year", "date"]
SPECIAL = ["q", "p", "o", "e", "all", "_facets", "_to_field", "_popup", "_changelist_filters", "price_status"]


@pytest.fixture
def browser(admin_client):
    admin_client.raise_request_exception = False
    return admin_client


def status_of(browser, page: str) -> int:
    """Ask for a page in a transaction of its own, which a statement that fails ends."""
    with transaction.atomic():
        status = browser.get(page).status_code
        transaction.set_rollback(True)
    return status


def addresses_of(model: type[models.Model]):
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    names = [field.name for field in model._meta.concrete_fields]
    filters = [str(name) for name in admin.site._registry[model].list_filter if isinstance(name, str)]
    looked_up = [f"{name}__{lookup}" for name in sorted({*names, *filters}) for lookup in LOOKUPS]
    values = cycle(VALUES)  # each name with another one
    yield from (f"{address}?{name}={value}" for name in looked_up for value in islice(values, 1))
    yield from (f"{address}?{name}={value}" for name in [*SPECIAL, *names] for value in islice(values, 2))


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label)
def test_no_query_string_of_a_list_is_an_error_of_the_server(browser, model):
    failed = {page: status for page in addresses_of(model) if (status := status_of(browser, page)) >= 500}
    assert not failed


@pytest.mark.parametrize("name", ["term", "page", "app_label", "model_name", "field_name"])
@pytest.mark.parametrize("value", VALUES)
def test_no_autocompletion_is_an_error_of_the_server(browser, name, value):
    given = {"app_label": "services", "model_name": "subscription", "field_name": "client", "term": "x"}
    query = "&".join(f"{key}={text}" for key, text in {**given, name: value}.items())
    assert browser.get(f"/admin/autocomplete/?{query}").status_code < 500


@pytest.mark.parametrize("value", ["abc", "\0", "1.5", "9" * 30, "-1", ""])
@pytest.mark.parametrize("action", ["delete_selected", "recalculate", "recalculate_single", "else"])
def test_no_selection_is_an_error_of_the_server(browser, action, value):
    from tests.services.factories import SubscriptionFactory

    SubscriptionFactory()
    for more in ({}, {"post": "yes"}, {"select_across": value}, {"index": value}):
        body = {"action": action, "_selected_action": [value], **more}
        assert browser.post("/admin/services/subscription/", body).status_code < 500


RELATIONS = [
    (model, name) for model, page in admin.site._registry.items() for name in page.autocomplete_fields
]


@pytest.mark.parametrize("value", ["abc", "\0", "1.5", "²", "9" * 30, "<b>"])
@pytest.mark.parametrize(
    ("model", "name"), RELATIONS, ids=[f"{model._meta.label}.{name}" for model, name in RELATIONS]
)
def test_no_id_in_a_form_is_an_error_of_the_server(browser, model, name, value):
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    response = browser.post(address, {name: value})
    assert response.status_code == 200
    assert name in response.context["adminform"].form.errors


@pytest.mark.parametrize("cookie", ['"\\000aaaaaaaaaaaa"', "a" * 5000, "%00", "é"])
@pytest.mark.parametrize("address", ["/topics/", "/admin/", "/accounts/sign-in/"])
def test_no_session_cookie_is_an_error_of_the_server(client, address, cookie):
    client.raise_request_exception = False
    assert client.get(address, headers={"Cookie": f"sessionid={cookie}"}).status_code < 500


def test_nul_is_refused_with_400_and_the_page_stays_usable(browser):
    assert browser.get("/admin/services/subscription/?comment__exact=%00").status_code == 400
    assert browser.get("/admin/services/subscription/?created_at__year=0").status_code == 400
    assert browser.get("/admin/services/subscription/?comment__exact=x").status_code == 200


def test_an_error_that_no_parameter_caused_stays_an_error(browser, monkeypatch):
    from services.admin import SubscriptionAdmin

    def fail(*_):
        raise ValueError("a bug")

    monkeypatch.setattr(SubscriptionAdmin, "get_list_display", fail)
    assert browser.get("/admin/services/subscription/").status_code == 500
