"""Signing up, verifying, signing in and resetting the password, in a real browser."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

pytest.importorskip("selenium", reason="needs Selenium: pip install -r requirements-dev.txt")

from django.core import mail

from accounts.reset_mails import answer_requests, link_to_reset
from accounts.verification import make_token
from messaging import dispatch
from messaging.models import OutgoingMessage
from tests.factories import UserFactory
from tests.support.browsers import DESKTOP, IN_A_BROWSER, PHONE, assert_accessible

pytestmark = IN_A_BROWSER

OLD, NEW = "correct horse battery", "another long password"
PICTURES = os.environ.get("PICTURES")  # a folder: the pages are also saved there


@pytest.fixture(scope="module")
def _browser(open_browser):
    return open_browser()


@pytest.fixture
def browser(_browser, live_server, settings):
    settings.SITE_URL = live_server.url
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    _browser.renew()
    return _browser


def link_in_mail():
    """Return the link in the mail that is sent now."""
    answer_requests()
    assert dispatch.dispatch(OutgoingMessage.objects.exclude(kind="accounts.password_changed")) == 1
    return re.search(r"http://\S+", mail.outbox[-1].body)[0]


def fill(browser, **values):
    for name, value in values.items():
        browser.type(f"#id_{name}", value)


def sign_in(browser, password):
    fill(browser, username="boris", password=password)
    browser.click("#sign-in")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_signing_up_to_a_new_password(browser, live_server, scripts):
    browser.run_scripts(scripts)
    browser.chrome.get(f"{live_server.url}/accounts/login/")
    browser.click("#sign-up")
    fill(browser, username="boris", email="boris@example.com", password1=OLD, password2="x")
    browser.click("#send")
    browser.wait_for_text("[role=alert]", "two password fields")
    fill(browser, password1=OLD, password2=OLD)
    browser.click("#send")
    browser.wait_for_text("[role=status]", "Your account is ready")
    browser.chrome.get(link_in_mail())
    browser.click("#confirm")
    browser.wait_for_text("[role=status]", "the address is confirmed")
    browser.click(".card .primary")
    sign_in(browser, OLD)
    browser.wait_for_text("h1", "Topics")
    browser.click("#sign-out")
    browser.click(".card .primary")
    browser.click("#reset")
    fill(browser, email="boris@example.com")
    browser.click("#send")
    browser.wait_for_text("[role=status]", "a mail with a link is on its way")
    link = link_in_mail()
    browser.chrome.get(link)
    fill(browser, new_password1=NEW, new_password2=NEW)
    browser.click("#send")
    browser.wait_for_text("[role=status]", "Your new password is set")
    browser.click(".card .primary")
    sign_in(browser, OLD)
    browser.wait_for_text("[role=alert]", "correct username and password")
    sign_in(browser, NEW)
    browser.wait_for_text("h1", "Topics")
    browser.click(".who")
    fill(browser, current_password=NEW, new_password1=OLD, new_password2=OLD)
    browser.click("#send")
    browser.wait_for_text("[role=status]", "Your password is changed")
    browser.chrome.get(link)
    browser.wait_for_text("[role=alert]", "This link is not valid")


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("by_night", [False, True], ids=["day", "night"])
def test_every_page_keeps_to_wcag_2_2_aa_and_fits_the_screen(browser, live_server, screen, by_night):
    user = UserFactory(username="boris")
    user.set_password(OLD)
    user.save()
    pages = {
        "sign-in": "/accounts/login/",
        "sign-up": "/accounts/sign-up/",
        "reset-request": "/accounts/password/reset/",
        "reset-confirm": link_to_reset(user).removeprefix(live_server.url),
        "verify-email": f"/accounts/verify-email/{make_token(user)}/",
        "done": "/accounts/done/reset/",
        "refused": "/accounts/password/reset/x/y-z/",
    }
    browser.look_on(screen, by_night=by_night)
    name = f"{'phone' if screen.is_phone else 'desktop'}-{'night' if by_night else 'day'}"
    for page, path in pages.items():
        browser.chrome.get(f"{live_server.url}{path}")
        assert_accessible(browser)
        save_picture(browser, f"{page}-{name}")
    browser.chrome.get(f"{live_server.url}/accounts/sign-up/")
    browser.chrome.execute_script("document.querySelector('form.card').noValidate = true")
    fill(browser, username="a b", email="x", password1="1", password2="2")
    browser.click("#send")
    browser.wait_for_text("[role=alert]", "username")
    assert_accessible(browser)
    save_picture(browser, f"sign-up-errors-{name}")
    browser.chrome.get(f"{live_server.url}/accounts/login/")
    sign_in(browser, OLD)
    browser.wait_for_text("h1", "Topics")
    browser.click(".who")
    browser.wait_for_text("h1", "Change the password")
    assert_accessible(browser)
    save_picture(browser, f"change-{name}")


def save_picture(browser, name):
    if PICTURES:
        browser.chrome.save_screenshot(str(Path(PICTURES, f"{name}.png")))
