"""The staff's pages in a real browser: what a price change causes, exports, and how the pages fit."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse

pytest.importorskip("selenium", reason="needs Selenium: pip install -r requirements-dev.txt")

from services.models import PriceChange, Service, Subscription
from services.recalculation import recalculate
from services.scheduling import apply_due
from tests.factories import UserFactory
from tests.services.factories import SubscriptionFactory
from tests.support.browsers import DESKTOP, IN_A_BROWSER, PHONE, assert_accessible
from tests.support.staff import make_every_row
from tests.support.threads import Other

pytestmark = IN_A_BROWSER

PASSWORD = "correct horse battery"
OVERFLOW = """
const CLIPPING = ".results, .part, .form-row, .tabular"; // .scroll is meant to scroll
const parts = [document.scrollingElement, ...document.querySelectorAll(CLIPPING)];
return Math.max(...parts.map(part => part.scrollWidth - part.clientWidth));
"""


@pytest.fixture(scope="module")
def _browser(open_browser):
    return open_browser()


@pytest.fixture
def browser(_browser, live_server):
    """A browser in which a superuser has signed in."""
    user = UserFactory(username="boss", is_staff=True, is_superuser=True)
    user.set_password(PASSWORD)
    user.save()
    _browser.renew()
    _browser.chrome.get(f"{live_server.url}/admin/")
    _browser.type("#id_username", "boss")
    _browser.type("#id_password", PASSWORD)
    _browser.click("[type=submit]")
    _browser.wait_for_text("h1", "Dashboard")
    return _browser


@pytest.fixture
def service():
    service = Service.objects.create(name="Lessons", full_price=100)
    SubscriptionFactory.create_batch(3, service=service, plan__discount_percent=0)
    return service


def address_of(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_each_picture_leads_to_its_list(browser, live_server):
    make_every_row()
    browser.chrome.refresh()
    pictures = [link.get_attribute("href") for link in browser.all(".picture")]
    assert len(pictures) == 6
    for number, address in enumerate(pictures):
        browser.wait(lambda number=number: browser.all(".picture")[number].click() or True)
        browser.find("#changelist")
        assert browser.chrome.current_url == address
        browser.chrome.back()
        browser.wait_for_text("h1", "Dashboard")


def test_a_price_for_tomorrow_is_scheduled_and_its_recalculation_watched(browser, live_server, service):
    browser.chrome.get(f"{live_server.url}{address_of(Service, 'change', service.pk)}")
    browser.click(".add-row a")
    browser.type("#id_price_changes-0-value", "120")
    browser.type("#id_price_changes-0-effective_from_0", "2100-01-01")
    browser.type("#id_price_changes-0-effective_from_1", "00:00")
    browser.click("[name=_continue]")
    browser.wait_for_text(".messagelist", "changed successfully")
    browser.wait_for_text("#price_changes-group .field-user", "boss")

    PriceChange.objects.filter(applied_at=None).update(effective_from=Now())
    assert apply_due() == 1
    with transaction.atomic():  # one row is held, so the recalculation leaves it for later
        Subscription.objects.select_for_update().latest("pk")
        assert Other(recalculate).result()
        browser.click(".related-lists a[href*=recalculation]")
        browser.wait_for_text(".field-progress", "2 of 3")
    assert not recalculate()
    browser.wait_for_text(".field-progress", "3 of 3")  # without a reload

    browser.chrome.get(f"{live_server.url}/admin/")
    browser.wait_for_text(".part.prices", "Finished")
    browser.wait_for_text(".part.price-changes", "120.00")
    browser.wait_for_text(".part.price-changes", "boss")
    browser.chrome.get(f"{live_server.url}{address_of(Service, 'history', service.pk)}")
    browser.wait_for_text("#change-history", "boss")
    assert browser.complaints() == []


def test_an_export_arrives_complete_and_shows_its_progress(browser, live_server, service, tmp_path):
    allow = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.chrome.execute_cdp_cmd("Browser.setDownloadBehavior", allow)
    browser.chrome.get(f"{live_server.url}{address_of(Subscription, 'changelist')}")
    browser.click("[data-export]")
    browser.wait_for_text("#export-progress", "3 / 3 rows")
    browser.wait(lambda: [path.suffix for path in tmp_path.iterdir()] == [".csv"], "no file arrives")
    (file,) = tmp_path.iterdir()
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert {row["ID"] for row in rows} == {
        str(pk) for pk in Subscription.objects.values_list("pk", flat=True)
    }
    assert browser.complaints() == []


def test_every_list_and_form_fits_a_desktop_and_a_phone(browser, live_server):
    make_every_row()
    pages = ["/admin/"]
    for model in admin.site._registry:
        pk = model._default_manager.first().pk
        pages += [address_of(model, "changelist"), address_of(model, "change", pk)]
    overflows = {}
    for page in pages:
        browser.chrome.get(live_server.url + page)
        for name, screen in (("desktop", DESKTOP), ("phone", PHONE)):
            browser.look_on(screen)
            if (pixels := browser.chrome.execute_script(OVERFLOW)) > 0:
                overflows[name, page] = pixels
    assert overflows == {}
    assert browser.complaints() == []


def test_dashboard_list_and_form_keep_to_wcag_2_2_aa(browser, live_server):
    make_every_row()
    pages = ["/admin/", address_of(Subscription, "changelist"), address_of(Service, "change", 1)]
    for page in pages:
        for screen in (DESKTOP, PHONE):
            for by_night in (False, True):
                browser.look_on(screen, by_night=by_night)
                browser.chrome.get(live_server.url + page)
                assert_accessible(browser)
