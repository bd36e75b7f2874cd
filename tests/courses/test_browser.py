"""The page of a certificate in a real browser."""

from __future__ import annotations

import pytest

pytest.importorskip("selenium", reason="needs Selenium: pip install -r requirements-dev.txt")

from tests.courses import factories
from tests.support.browsers import CHROMIUM, DESKTOP, DRIVER, MISSING, PHONE, Browser
from tests.topics.test_browser import assert_accessible

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING),
]


@pytest.fixture
def browser(tmp_path):
    browser = Browser(tmp_path)
    yield browser
    browser.chrome.quit()


def test_it_keeps_to_wcag_2_2_aa_and_fits_the_screen(browser, live_server):
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
