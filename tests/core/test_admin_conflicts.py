"""Two members of staff change one row: neither overwrites what the other saved without knowing of it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from clients.models import Client as Company
from core.admin_conflicts import GuardedForm
from courses.models import Category, Course, CourseStats, Lesson, Module, Review
from services.models import Plan, Service, Subscription
from tasks.models import Task, TaskList
from tests.factories import UserFactory
from tests.support.admin_pages import posted_by
from tests.support.staff import make_every_row, make_role
from tests.support.threads import at_once
from topics.models import Topic

# A field of each kind of row, and what two members of staff enter.
EDITED = {
    Group: ("name", "Theirs", "Mine"),
    User: ("first_name", "Theirs", "Mine"),
    Category: ("name", "Theirs", "Mine"),
    Course: ("description", "Two\r\nlines", "Mine"),
    Module: ("title", "Theirs", "Mine"),
    Lesson: ("title", "Theirs", "Mine"),
    Review: ("rating", 1, 2),
    Company: ("company_name", "Theirs", "Mine"),
    Service: ("full_price", "20.00", "30.00"),
    Plan: ("discount_percent", 20, 30),
    Subscription: ("region", "theirs", "mine"),
    Topic: ("name", "Theirs", "Mine"),
    TaskList: ("name", "Theirs", "Mine"),
    Task: ("description", "Theirs", "Mine"),
}


def address_of(row):
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def opened(client, row):
    """Return what the browser posts from a row's page if its user changes nothing."""
    return posted_by(client.get(address_of(row)))


def save(client, row, form, **values):
    answer = client.post(address_of(row), {**form, **values})
    row.refresh_from_db()
    return answer


def errors_of(answer):
    """Return the errors of the page, by the names of inputs."""
    assert answer.status_code == 200
    forms = [answer.context["adminform"].form]
    forms += [form for each in answer.context["inline_admin_formsets"] for form in each.formset.forms]
    return {form.add_prefix(name): text for form in forms for name, text in form.errors.items()}


@pytest.fixture
def rows():
    make_every_row()


def change(row, **values):
    """Change a row as SQL does, behind every page."""
    type(row)._base_manager.filter(pk=row.pk).update(**values)


@pytest.mark.django_db
@pytest.mark.parametrize("model", EDITED)
@pytest.mark.usefixtures("rows")
class TestEveryForm:
    def test_a_value_that_both_changed_is_refused_and_said(self, admin_client, model):
        row, (name, theirs, mine) = model._base_manager.first(), EDITED[model]
        form = opened(admin_client, row)
        change(row, **{name: theirs})
        before = LogEntry.objects.count()
        answer = save(admin_client, row, form, **{name: mine})
        shown = str(theirs).partition("\r")[0]
        assert set(errors_of(answer)) == {name}
        assert f"It has changed since this page was opened: it is {shown}" in errors_of(answer)[name][0]
        assert str(getattr(row, name)) == str(theirs)
        assert LogEntry.objects.count() == before
        again = save(admin_client, row, posted_by(answer))
        assert set(errors_of(again)) == {name}
        assert save(admin_client, row, form, **{name: theirs}).status_code == 302

    def test_a_value_that_only_the_other_changed_stays(self, admin_client, model):
        row, (name, theirs, _) = model._base_manager.first(), EDITED[model]
        form = opened(admin_client, row)
        change(row, **{name: theirs})
        assert save(admin_client, row, form).status_code == 302
        assert str(getattr(row, name)) == str(theirs)
        assert LogEntry.objects.latest("pk").get_change_message() == "No fields changed."

    def test_a_form_that_no_one_else_changed_is_saved(self, admin_client, model):
        row, (name, _, mine) = model._base_manager.first(), EDITED[model]
        assert save(admin_client, row, opened(admin_client, row), **{name: mine}).status_code == 302
        assert str(getattr(row, name)) == str(mine)


def test_no_form_of_the_admin_is_without_a_guard():
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    editable = set()
    for model, page in admin.site._registry.items():
        row = model()
        form = page.get_form(request, row, change=True)
        if page.has_change_permission(request, row) and form.base_fields:
            assert issubclass(form, GuardedForm), model
            editable.add(model)
        for inline in page.get_inline_instances(request, row):
            if inline.has_change_permission(request, row):
                assert issubclass(inline.get_formset(request, row).form, GuardedForm), inline
    only_foreign_keys = {"topics.TopicSubscription"}
    assert {model._meta.label for model in editable - set(EDITED)} == only_foreign_keys


@pytest.mark.django_db
@pytest.mark.usefixtures("rows")
class TestFields:
    def test_a_foreign_key_is_named_by_its_row(self, admin_client):
        task, (member, other) = Task.objects.get(), UserFactory.create_batch(2)
        task.task_list.members.set([member, other])
        form = opened(admin_client, task)
        change(task, assigned_to=member)
        assert save(admin_client, task, form, name="New").status_code == 302
        assert (task.name, task.assigned_to) == ("New", member)
        answer = save(admin_client, task, form, assigned_to=other.pk)
        assert f"it is {member}" in errors_of(answer)["assigned_to"][0]
        assert task.assigned_to == member

    def test_members_that_another_added_stay(self, admin_client):
        task_list, (member, other) = TaskList.objects.get(), UserFactory.create_batch(2)
        form = opened(admin_client, task_list)
        task_list.members.add(member)
        assert save(admin_client, task_list, form, name="New").status_code == 302
        assert list(task_list.members.all()) == [member]
        answer = save(admin_client, task_list, form, members=[other.pk])
        assert f"it is {member}" in errors_of(answer)["members"][0]
        assert list(task_list.members.all()) == [member]

    def test_permissions_that_another_gave_are_not_taken(self, admin_client):
        group, (first, other) = Group.objects.get(), Permission.objects.all()[:2]
        form = opened(admin_client, group)
        group.permissions.add(first)
        assert set(errors_of(save(admin_client, group, form, permissions=[other.pk]))) == {"permissions"}
        assert list(group.permissions.all()) == [first]

    def test_a_moment_is_compared_as_the_page_shows_it_and_kept_as_it_is(self, admin_client):
        task = Task.objects.get()
        change(task, deadline=datetime(2100, 1, 1, 12, 30, 15, 123456, UTC))
        form = opened(admin_client, task)
        assert save(admin_client, task, form, name="New").status_code == 302
        later = datetime(2100, 1, 2, 12, 30, 15, 123456, UTC)
        change(task, deadline=later)
        assert save(admin_client, task, form, description="New").status_code == 302
        assert task.deadline == later
        assert set(errors_of(save(admin_client, task, form, deadline_0="2100-01-03"))) == {"deadline"}

    def test_what_changes_by_itself_refuses_nothing(self, admin_client):
        course, user, row = Course.objects.get(), User.objects.first(), Subscription.objects.get()
        forms = {each: opened(admin_client, each) for each in (course, user, row)}
        CourseStats.objects.update(views=7)
        change(user, last_login=datetime(2030, 1, 1, tzinfo=UTC), password="!")
        change(row, price=1)
        values = {course: {"title": "New"}, user: {"last_name": "New"}, row: {"comment": "New"}}
        for each, form in forms.items():
            assert save(admin_client, each, form, **values[each]).status_code == 302
        assert (course.statistics.views, user.password, row.comment) == (7, "!", "New")

    def test_a_row_of_another_s_page_is_guarded_too(self, admin_client):
        course, module = Course.objects.get(), Module.objects.get()
        form = opened(admin_client, course)
        change(module, title="Theirs")
        assert save(admin_client, course, form, title="New").status_code == 302
        answer = save(admin_client, course, form, **{"modules-0-title": "Mine"})
        module.refresh_from_db()
        assert (course.title, module.title) == ("New", "Theirs")
        assert "it is Theirs" in errors_of(answer)["modules-0-title"][0]

    @pytest.mark.parametrize(("language", "text"), [("uk", "тепер воно 20.00"), ("ru", "теперь оно 20.00")])
    def test_a_change_by_the_api_is_said_in_the_reader_s_language(self, admin_client, language, text):
        service, api = Service.objects.get(), APIClient()
        form = opened(admin_client, service)
        api.force_authenticate(User.objects.get(username="admin"))
        assert (
            api.patch(f"/api/v1/services/{service.pk}/", {"full_price": 20}, format="json").status_code == 200
        )
        answer = admin_client.post(
            address_of(service), {**form, "full_price": 30}, headers={"Accept-Language": language}
        )
        assert text in errors_of(answer)["full_price"][0]

    @pytest.mark.parametrize("shown", ["", "x", "name=%FF&name", "\0=\0", "name=" + "a" * 10_000])
    def test_a_page_that_holds_nothing_of_use_is_answered(self, admin_client, shown):
        service = Service.objects.get()
        form = opened(admin_client, service) | {"_shown": shown}
        assert save(admin_client, service, form, name="New").status_code in {200, 302}

    def test_a_row_that_was_deleted_since_is_said(self, admin_client):
        row = Group.objects.get()
        form = opened(admin_client, row)
        Group.objects.all().delete()
        page = admin_client.post(address_of(row), form, follow=True).content.decode()
        assert "Perhaps it was deleted?" in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [Service, Task, TaskList, User])
def test_of_two_who_save_at_once_one_is_refused(model):
    make_every_row()
    row, name = model._base_manager.first(), EDITED[model][0]
    clients, staff = [Client(), Client()], make_role("superuser")
    for client in clients:
        client.force_login(staff)
    for attempt in range(3):
        form = opened(clients[0], row)
        entered = [str(100 + 10 * attempt), str(101 + 10 * attempt)]
        posts = [
            partial(client.post, address_of(row), {**form, name: text})
            for client, text in zip(clients, entered, strict=True)
        ]
        statuses = [answer.status_code for answer in at_once(*posts)]
        assert sorted(statuses) == [200, 302]
        row.refresh_from_db()
        assert str(getattr(row, name)).removesuffix(".00") == entered[statuses.index(302)]
