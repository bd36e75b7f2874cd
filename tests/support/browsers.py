"""Real headless Chromium, driven by Selenium, for tests of pages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import axe_core_python
import pytest
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
MISSING = "needs Chromium and its driver: apt-get install chromium chromium-driver"
needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)
IN_A_BROWSER = [pytest.mark.slow, pytest.mark.django_db(transaction=True), needs_browser]  # of a module
WAIT_SECONDS = 15
AXE = Path(axe_core_python.__file__).with_name("axe.min.js")
WCAG_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # which root, as in most containers, needs
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--lang=en",
)


class Screen(NamedTuple):
    width: int
    height: int
    is_phone: bool = False


DESKTOP = Screen(1280, 900)
PHONE = Screen(390, 844, is_phone=True)


class Browser:
    """One browser with a profile of its own, and what a reader does with it."""

    def __init__(self, profile):
        options = ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.chrome = Chrome(options, Service(DRIVER))

    def renew(self):
        """As if it had just been installed."""
        self.chrome.get("about:blank")
        self.chrome.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.run_scripts(True)
        self.look_on(DESKTOP)
        self.complaints()

    def look_on(self, screen, *, by_night=False):
        metrics = {"width": screen.width, "height": screen.height, "mobile": screen.is_phone}
        self.chrome.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**metrics, "deviceScaleFactor": 1 + screen.is_phone}
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if by_night else "light"}
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def run_scripts(self, yes):
        self.chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not yes})

    def complaints(self):
        """What the browser's console has said since the last time: errors of scripts, breaches of CSP."""
        return [entry["message"] for entry in self.chrome.get_log("browser") if entry["level"] == "SEVERE"]

    def wait(self, condition, message=""):
        """Until the condition holds; an element that the page has just replaced is looked for again."""
        waiting = WebDriverWait(self.chrome, WAIT_SECONDS, 0.05, [StaleElementReferenceException])
        return waiting.until(lambda _: naming_stale_elements(condition), message)

    def find(self, selector):
        return self.wait(lambda: next(iter(self.all(selector)), None), f"there is no {selector}")

    def all(self, selector):
        return self.chrome.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector):
        self.wait(lambda: self.find(selector).click() or True)

    def type(self, selector, text):
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def wait_for_text(self, selector, text):
        self.wait(
            lambda: any(text in element.text for element in self.all(selector)),
            f"{selector} never says {text}",
        )

    def focused(self):
        return self.chrome.switch_to.active_element.get_attribute("id")


def naming_stale_elements(condition):
    """The condition's answer; Chromium's driver has two ways to say that an element has left the page."""
    try:
        return condition()
    except WebDriverException as error:
        if "does not belong to the document" in str(error.msg):
            raise StaleElementReferenceException(error.msg) from error
        raise


def assert_accessible(browser):
    """The page keeps to WCAG 2.2 AA, as far as axe finds, and fits the screen."""
    width, available = browser.chrome.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width <= available
    browser.chrome.execute_script(AXE.read_text(encoding="utf-8"))
    violations = browser.chrome.execute_async_script(
        "axe.run({runOnly: arguments[0]}).then(r => arguments[1](r.violations))", WCAG_AA
    )
    found = [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations]
    assert found == [], found
