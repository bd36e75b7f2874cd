"""Forms of the admin that are refused, and its pages, in each language: nothing is left in English."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.support.staff import make_every_row, make_role

pytestmark = pytest.mark.django_db

MODELS = list(admin.site._registry)
TAG = re.compile(r"<(script|style|option)\b.*?</\1>|<[^>]+>", re.DOTALL)
WORDS = re.compile(r"[A-Za-z][a-z]{2,}(?: [a-z]{2,})+")
ERROR = re.compile(r'<ul class="errorlist[^>]*><li>(.*?)</ul>', re.DOTALL)
# What is refused of a form that is posted empty, and with these values.
ODD = {
    "username": "\u200b",
    "email": "x",
    "name": "\u200b",
    "title": "\u200b",
    "rating": "9",
    "discount_percent": "400",
    "full_price": "x",
    "position": "-1",
    "deadline_0": "1960-01-01",
    "deadline_1": "00:00",
}


def address_of(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def own_forms():
    """Yield models with forms that break a rule of the project."""
    outsider = User.objects.create_user("outsider")
    inactive = User.objects.create_user("inactive", is_active=False)
    by_name = {model._meta.model_name: model for model in MODELS}
    task = {"task_list": 1, "name": "New"}
    yield by_name["task"], {**task, "assigned_to": outsider.pk}
    yield by_name["task"], {**task, "repeat": "daily"}
    yield by_name["task"], {**task, "deadline_0": "1960-01-01", "deadline_1": "00:00"}
    yield by_name["task"], {**task, "name": "task"}
    yield by_name["tasklist"], {"name": "New", "owner": inactive.pk, "members": [inactive.pk]}
    yield by_name["tasklist"], {"name": "LIST", "owner": User.objects.get(username="owner").pk}
    for name in ("category", "topic"):
        row = by_name[name]._default_manager.first()
        yield by_name[name], {"name": row.name.upper()}
    yield by_name["user"], {"username": "OUTSIDER", "email": "owner@example.com"}


def errors_of(client, model, values, language):
    """Return the errors that the form of a new row shows; none if rows are not added by hand."""
    page = client.get(address_of(model, "add"))
    if page.status_code == 403:
        return set()
    inlines = {
        f"{one.formset.prefix}-{name}": number
        for one in page.context["inline_admin_formsets"]
        for name, number in (("TOTAL_FORMS", 1), ("INITIAL_FORMS", 0))
    }
    headers = {"Accept-Language": language}
    answer = client.post(address_of(model, "add"), {**inlines, **values}, headers=headers)
    return set(ERROR.findall(answer.content.decode()))


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_no_error_of_a_form_is_left_in_english(language):
    make_every_row()
    client = Client()
    client.force_login(make_role("superuser"))
    forms = [*own_forms(), *((model, values) for model in MODELS for values in ({}, ODD))]
    english = [errors_of(client, *form, "en") for form in forms]
    assert all(english[:9])
    translated = [errors_of(client, *form, language) for form in forms]
    assert [found & other for found, other in zip(english, translated, strict=True) if found & other] == []


def words_of(page):
    """Return the words of a page that follow each other, as in a sentence. Options are rows."""
    return set(WORDS.findall(html.unescape(TAG.sub("\n", page.content.decode()))))


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_no_words_of_a_page_are_left_in_english(language):
    make_every_row()
    client = Client()
    client.force_login(make_role("superuser"))
    left = set()
    for model in MODELS:
        for page in ("changelist", "add"):
            address = address_of(model, page)
            pages = [client.get(address, headers={"Accept-Language": one}) for one in ("en", language)]
            left |= words_of(pages[0]) & words_of(pages[1])
    names = " ".join(str(row) for model in MODELS for row in model._default_manager.all())
    assert {words for words in left if words not in names} == set()
