"""The page end to end, in a real browser."""

from __future__ import annotations

import pytest

pytest.importorskip("selenium", reason="needs Selenium: pip install -r requirements-dev.txt")

from selenium.webdriver.common.keys import Keys

from tests.support.browsers import DESKTOP, IN_A_BROWSER, PHONE, assert_accessible
from tests.topics import factories
from topics.models import Topic, TopicActivity

pytestmark = IN_A_BROWSER

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def _two_browsers(open_browser):
    return [open_browser(), open_browser()]


@pytest.fixture
def browsers(_two_browsers):
    Topic.objects.all().delete()
    TopicActivity.objects.all().delete()
    for browser in _two_browsers:
        browser.renew()
    return _two_browsers


@pytest.fixture
def browser(browsers):
    return browsers[0]


@pytest.fixture
def topic():
    return factories.TopicFactory(name="Python")


def user(name, **values):
    user = factories.UserFactory(username=name, **values)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(browser, live_server, name, **values):
    user(name, **values)
    browser.chrome.get(f"{live_server.url}/topics/")
    browser.type("#id_username", name)
    browser.type("#id_password", PASSWORD)
    browser.click("#sign-in")
    browser.wait_for_text("h1", "Topics")


def mark_page(browser):
    """Set a mark that a reload would remove."""
    browser.chrome.execute_script("window.kept = true")


def was_kept(browser):
    return browser.chrome.execute_script("return window.kept === true")


def row(topic):
    return f"#topic-{topic.pk}"


def test_two_readers_see_each_others_clicks(browsers, live_server, topic):
    topic.name = "PostgreSQL"
    topic.save()
    ann, bob = browsers
    for browser, name in ((ann, "ann"), (bob, "bob")):
        sign_in(browser, live_server, name)
        browser.wait_for_text(f"{row(topic)} .count", "0 subscribers")
        mark_page(browser)

    ann.click(f"#follow-{topic.pk}")
    ann.wait_for_text("#messages", "Subscribed to “PostgreSQL”.")
    ann.wait_for_text(row(topic), "1 subscriber")
    ann.wait_for_text(f"{row(topic)} .mark", "Subscribed")
    ann.wait_for_text(".chips", "PostgreSQL")
    assert was_kept(ann)

    bob.chrome.refresh()
    bob.wait_for_text(f"{row(topic)} .count", "1 subscriber")
    assert not bob.all(".mark")
    bob.click(f"#follow-{topic.pk}")
    bob.wait_for_text(f"{row(topic)} .count", "2 subscribers")
    ann.chrome.refresh()
    ann.wait_for_text(f"{row(topic)} .count", "2 subscribers")
    ann.click(f"#follow-{topic.pk}")
    ann.wait_for_text(f"{row(topic)} .count", "1 subscriber")
    assert (ann.complaints(), bob.complaints()) == ([], [])


def test_create_a_duplicate_delete_sign_out(browser, live_server):
    sign_in(browser, live_server, "ann")
    mark_page(browser)
    browser.type("#name", "Go")
    browser.click("#create-button")
    browser.wait_for_text("#messages", "“Go” was created.")
    assert browser.find("#name").get_attribute("value") == ""
    browser.wait_for_text(".activity", "created")

    browser.type("#name", "Go")
    browser.click("#create-button")
    browser.wait_for_text("#messages", "There is already a topic with this name.")
    assert browser.find("#name").get_attribute("value") == "Go"

    go = Topic.objects.get()
    browser.click(f"#delete-{go.pk}")
    browser.wait_for_text(".confirm", "Delete “Go” for everyone?")
    browser.click("[data-cancel]")
    assert not browser.all("details[open]")
    assert Topic.objects.exists()
    browser.click(f"#delete-{go.pk}")
    browser.click(".confirm .danger")
    browser.wait_for_text("#messages", "“Go” was deleted.")
    browser.wait_for_text("#results", "There are no topics yet")
    browser.wait_for_text(".activity", "deleted")
    assert was_kept(browser)
    assert browser.complaints() == []

    browser.click("#sign-out")
    browser.wait_for_text("h1", "Signed out")
    browser.chrome.get(f"{live_server.url}/topics/")
    browser.wait_for_text("h1", "Sign in")


def test_a_wrong_password_is_a_message(browser, live_server):
    user("ann")
    browser.chrome.get(f"{live_server.url}/accounts/login/")
    browser.type("#id_username", "ann")
    browser.type("#id_password", "wrong")
    browser.click("#sign-in")
    browser.wait_for_text("[role=alert]", "correct username and password")


def test_the_list_follows_what_is_typed_into_search(browser, live_server, topic):
    factories.TopicFactory(name="Go")
    sign_in(browser, live_server, "ann")
    mark_page(browser)
    browser.type("#search-text", "pyt")
    browser.wait_for_text("#summary", "1 topic with “pyt” in its name")
    assert [heading.text for heading in browser.all(".topic h2")] == ["Python"]
    assert browser.chrome.current_url.endswith("?search=pyt")
    assert browser.focused() == "search-text"
    browser.click(f"#follow-{topic.pk}")
    browser.wait_for_text("#messages", "Subscribed")
    assert len(browser.all(".topic")) == 1
    assert was_kept(browser)


def test_the_keyboard_is_enough(browser, live_server, topic):
    sign_in(browser, live_server, "boss", is_staff=True)
    mark_page(browser)
    press(browser, Keys.TAB)
    assert browser.chrome.switch_to.active_element.text == "Skip to the content"
    press(browser, Keys.ENTER)
    tab_to(browser, f"follow-{topic.pk}")
    press(browser, Keys.ENTER)
    browser.wait_for_text("#messages", "Subscribed")
    browser.wait(lambda: browser.focused() == f"follow-{topic.pk}")
    press(browser, Keys.TAB)
    assert browser.focused() == f"delete-{topic.pk}"
    press(browser, Keys.ENTER)
    browser.wait_for_text(".confirm", "Delete “Python”")
    press(browser, Keys.TAB, Keys.ESCAPE)
    assert not browser.all("details[open]")
    assert browser.focused() == f"delete-{topic.pk}"
    press(browser, Keys.ENTER, Keys.TAB, Keys.ENTER)
    browser.wait_for_text("#messages", "“Python” was deleted.")
    browser.wait(lambda: browser.focused() == "heading")
    assert was_kept(browser)


def press(browser, *keys):
    for key in keys:
        browser.chrome.switch_to.active_element.send_keys(key)


def tab_to(browser, wanted):
    for _ in range(30):
        press(browser, Keys.TAB)
        if browser.focused() == wanted:
            return
    raise AssertionError(f"30 tabs do not lead to {wanted}")


def test_without_scripts_everything_works(browser, live_server, topic):
    sign_in(browser, live_server, "boss", is_staff=True)
    browser.run_scripts(False)
    browser.chrome.refresh()
    browser.click(f"#follow-{topic.pk}")
    browser.wait_for_text("#messages", "Subscribed to “Python”.")
    browser.type("#search-text", "nothing like it")
    browser.click("#search button")
    browser.wait_for_text("#results", "No topic has")
    browser.click("#results a")
    browser.click(f"#delete-{topic.pk}")
    browser.click(".confirm .danger")
    browser.wait_for_text("#messages", "“Python” was deleted.")


def test_script_in_a_name_is_shown_and_not_run(browser, live_server):
    name = "<img src=x onerror=alert(1)><script>document.title='run'</script>"
    sign_in(browser, live_server, "ann")
    browser.type("#name", name)
    browser.click("#create-button")
    browser.wait_for_text(".topic h2", name)
    browser.wait_for_text("#messages", name)
    browser.chrome.refresh()
    browser.wait_for_text(".topic h2", name)
    assert browser.chrome.title == "Topics · Syllabus"
    assert browser.complaints() == []


def test_a_failure_is_a_message(browser, live_server, topic):
    sign_in(browser, live_server, "ann")
    topic.delete()
    browser.click("[id^=follow-]")
    browser.wait_for_text("#messages", "That did not work.")


def test_a_reader_whose_session_has_ended_is_led_to_sign_in(browser, live_server, topic):
    sign_in(browser, live_server, "ann")
    browser.chrome.delete_cookie("sessionid")
    browser.click(f"#follow-{topic.pk}")
    browser.wait_for_text("h1", "Sign in")
    browser.type("#id_username", "ann")
    browser.type("#id_password", PASSWORD)
    browser.click("#sign-in")
    browser.wait_for_text("h1", "Topics")


def test_the_language_can_be_chosen(browser, live_server, topic):
    sign_in(browser, live_server, "ann")
    for language, heading in (("uk", "Теми"), ("ru", "Темы"), ("en", "Topics")):
        browser.click(f"button[value={language}]")
        browser.wait_for_text("h1", heading)


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("by_night", [False, True], ids=["day", "night"])
def test_the_pages_keep_to_wcag_2_2_aa_and_fit_the_screen(browser, live_server, topic, screen, by_night):
    for number in range(25):
        factories.TopicFactory(name=f"A long name of a topic, number {number:02}, " + "wide" * 12)
    browser.look_on(screen, by_night=by_night)
    browser.chrome.get(f"{live_server.url}/accounts/login/")
    assert_accessible(browser)
    sign_in(browser, live_server, "boss", is_staff=True)
    browser.type("#search-text", "long")
    browser.wait_for_text("#summary", "25 topics with")
    browser.click("[id^=follow-]")
    browser.wait_for_text("#messages", "Subscribed")
    assert_accessible(browser)
    browser.click("summary")
    assert_accessible(browser)
    browser.chrome.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    browser.click("[rel=next]")
    browser.wait_for_text(".pages [aria-current]", "2")
    browser.click("#sign-out")
    browser.wait_for_text("h1", "Signed out")
    assert_accessible(browser)
