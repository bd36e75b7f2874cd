"""The page of a certificate in a real browser."""

from __future__ import annotations

import pytest

pytest.importorskip("selenium", reason="needs Selenium: pip install -r requirements-dev.txt")

from tests.courses import factories
from tests.support.browsers import DESKTOP, IN_A_BROWSER, PHONE, assert_accessible

pytestmark = IN_A_BROWSER


def test_it_keeps_to_wcag_2_2_aa_and_fits_the_screen(open_browser, live_server):
    browser = open_browser()
    certificate = factories.CertificateFactory(
        enrollment__user__first_name="Олена",
        enrollment__user__last_name="Ґалаґан-Шевченко",
        enrollment__course__title="PostgreSQL from Scratch: Queries, Indexes and Plans",
    )
    for screen in (DESKTOP, PHONE):
        for by_night in (False, True):
            browser.look_on(screen, by_night=by_night)
            browser.chrome.get(f"{live_server.url}/certificates/{certificate.uuid}/")
            browser.wait_for_text(".learner", "Олена")
            assert_accessible(browser)
    assert browser.complaints() == []
