"""Every page of the admin, for every role and in every language."""

from __future__ import annotations

import html
import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.text import capfirst

from config.environment import ROOT
from core import admin_labels
from core.admin import ModelAdmin
from core.labels import LABELS
from services.models import PriceChange, Service
from tests.support.staff import ROLES, make_every_row, make_role

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<a\b[^>]*\bhref="([^"#]*)')
TEXT = re.compile(r">([^<>]+)<|(?:aria-label|title|placeholder|alt|value)=\"([^\"]+)\"")
# Not pages to look at: they end the session, or are files, which tests of their own open.
# Of the rows that make_every_row makes, and of a queue.
NAMES_OF_ROWS = {"Address", "Company", "Course", "Lesson", "List", "Module", "Service", "Task", "Topic"}
NAMES_OF_ROWS |= {"owner", "prices", "user"}
ELSEWHERE = re.compile(r"/(logout|export|autocomplete|jsi18n)/|^/admin/password_change")
MODELS = list(admin.site._registry)


def address_of(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def links_of(response, page):
    """Return the addresses of the admin to which a page links."""
    for found in LINK.findall(response.content.decode()):
        link = html.unescape(found)
        link = page.partition("?")[0] + link if link.startswith("?") else link
        if link.startswith("/admin/") and not ELSEWHERE.search(link):
            yield link


def crawl(client):
    """Follow every link from the first page; a filter or an order is not combined with another."""
    statuses, waiting = {}, ["/admin/"]
    while waiting:
        page = waiting.pop()
        if page in statuses:
            continue
        response = client.get(page)
        statuses[page] = response.status_code
        if response.status_code == 200 and "?" not in page:
            waiting += links_of(response, page)
    return statuses


@pytest.mark.parametrize("role", ["superuser", *ROLES])
def test_every_link_leads_a_role_to_a_page_that_it_may_see(role):
    make_every_row()
    client = Client(raise_request_exception=False)
    client.force_login(make_role(role))
    statuses = crawl(client)
    assert {page: status for page, status in statuses.items() if status != 200} == {}
    lists = {address_of(model, "changelist") for model in MODELS} & set(statuses)
    expected = {"superuser": len(MODELS), "viewer": len(MODELS), "sales": 5, "editor": 7, "guest": 0}
    assert len(lists) == expected[role]


@pytest.mark.parametrize("role", ["superuser", *ROLES])
def test_what_a_role_may_not_see_is_refused_to_it(role):
    make_every_row()
    user = make_role(role)
    client = Client()
    client.force_login(user)
    for model in MODELS:
        app, name, pk = model._meta.app_label, model._meta.model_name, model._default_manager.first().pk
        may_view = user.has_perm(f"{app}.view_{name}")
        pages = [("changelist",), ("export", "csv"), ("history", pk), ("change", pk)]
        for page in pages:
            expected = 200 if may_view else 403
            assert client.get(address_of(model, *page)).status_code == expected, (model, page)


def test_a_page_links_to_the_lists_of_the_rows_that_refer_to_it(admin_client):
    make_every_row()
    expected = {
        "clients/client/1": ["services/subscription/?client__id__exact=1"],
        "services/service/1": ["services/pricechange/?service__id__exact=1"],
        "courses/course/1": ["courses/module/?course__id__exact=1", "courses/review/?course__id__exact=1"],
        "tasks/tasklist/1": ["tasks/task/?task_list__id__exact=1"],
        "topics/topic/1": ["topics/topicsubscription/?topic__id__exact=1"],
    }
    for page, addresses in expected.items():
        shown = links_of(admin_client.get(f"/admin/{page}/change/"), page)
        assert {f"/admin/{address}" for address in addresses} <= set(shown)


def test_an_inline_names_users_without_a_link_to_those_who_may_not_see_users(client):
    user = make_every_row()
    Service.objects.update(full_price=7)
    schedule = {"effective_from": "2100-01-01T00:00Z", "user": user}
    PriceChange.objects.create(service=Service.objects.get(), value=1, **schedule)
    staff = make_role("guest")
    names = ["view_service", "view_topic", "change_topic"]
    names += ["view_topicsubscription", "add_topicsubscription", "delete_topicsubscription"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(staff)
    for page in ("/admin/services/service/1/change/", "/admin/topics/topic/1/change/"):
        shown = client.get(page).content.decode()
        assert "owner" in shown
        assert "/admin/auth/user/" not in shown


def test_every_action_answers(admin_client):
    make_every_row()
    for model, page in admin.site._registry.items():
        request = admin_client.get(address_of(model, "changelist")).wsgi_request
        for action in page.get_actions(request):
            body = {"action": action, "_selected_action": [model._default_manager.first().pk]}
            assert admin_client.post(address_of(model, "changelist"), body).status_code in {200, 302}


def test_every_list_has_filters_search_and_the_projects_look():
    for model, page in admin.site._registry.items():
        assert isinstance(page, ModelAdmin), model
        assert page.search_fields, model
        assert page.list_filter or model._meta.label == "auth.Group", model


def own_english():
    """Return the texts of the project that differ from their translations in both languages."""
    texts = set()
    for language in ("uk", "ru"):
        catalog = (ROOT / f"locale/{language}/LC_MESSAGES/django.po").read_text()
        pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', catalog, re.MULTILINE)
        texts |= {text for text, translated in pairs if text != translated and len(text) > 2}
    return texts


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_no_text_of_ours_is_left_untranslated(language):
    make_every_row()
    client = Client(headers={"Accept-Language": language})
    client.force_login(make_role("superuser"))
    english = own_english()
    pages = ["/admin/"]
    for model in MODELS:
        pk = model._default_manager.first().pk
        wanted = [("changelist",), ("change", pk), ("history", pk), ("add",), ("delete", pk)]
        pages += [address_of(model, *page) for page in wanted]
    for page in pages:
        found = TEXT.findall(client.get(page).content.decode())
        shown = {html.unescape(text or attribute).strip(" \n:") for text, attribute in found} - NAMES_OF_ROWS
        assert shown & english == set(), page


@translation.override("en")
def test_every_name_of_a_model_is_marked_for_translation():
    names = set()
    for app in admin_labels._own_apps():
        if not app.name.startswith(("tests", "devtools")):
            for model in app.get_models():
                opts = model._meta
                names |= {str(opts.verbose_name), str(opts.verbose_name_plural), str(app.verbose_name)}
                for field in opts.local_fields:
                    names |= {str(field.verbose_name), capfirst(str(field.verbose_name))}
                    names |= {str(label) for _, label in field.choices or []} | {str(field.help_text)}
    assert {name for name in names - {"", *LABELS} if not is_translated(name)} == set()


def is_translated(text):
    """Return whether a text is marked elsewhere: in the model itself."""
    with translation.override("uk"):
        return translation.gettext(text) != text


def test_names_of_models_are_in_the_readers_language():
    service = apps.get_model("services", "Service")
    with translation.override("uk"):
        assert str(service._meta.verbose_name_plural) == "послуги"
        assert str(service._meta.get_field("full_price").verbose_name) == "повна ціна"


def test_pages_load_only_what_is_the_projects_own(admin_client):
    for page in ("/admin/", "/admin/services/subscription/", "/admin/login/"):
        response = admin_client.get(page, follow=True)
        assert "script-src 'self'; style-src 'self'" in response["Content-Security-Policy"]
        assert not re.search(r'(?:src|href)="https?://', response.content.decode())


def test_a_form_without_anything_to_change_has_no_button_that_saves(admin_client):
    make_every_row()
    certificate = admin_client.get("/admin/courses/certificate/1/change/").content.decode()
    assert 'name="_save"' not in certificate
    assert 'href="/api/v1/certificates/' in certificate
    assert 'name="_save"' in admin_client.get("/admin/courses/course/1/change/").content.decode()
