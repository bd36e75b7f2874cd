"""Modules and lessons over HTTP, and the places that the database gives them."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from courses import cache, outline
from courses.models import MAX_POSITION, Lesson, Module
from tests.courses import factories
from tests.support.answers import problem
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


@pytest.fixture
def editor(permitted):
    verbs = ("add", "change", "delete", "view")
    return permitted(*(f"{verb}_{model}" for verb in verbs for model in ("module", "lesson")))


@pytest.fixture
def api(editor):
    return client_of(editor)


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def modules(course):
    return f"{ROOT}/courses/{course.pk}/modules/"


def lessons(module):
    return f"{ROOT}/modules/{module.pk}/lessons/"


def own(row):
    return f"{ROOT}/{row._meta.verbose_name_plural}/{row.pk}/"


def places(model, **parent):
    return list(model.objects.filter(**parent).order_by("position").values_list("pk", "position"))


class TestPlaces:
    """Whatever statement adds or moves a row."""

    def test_rows_added_without_a_place_follow_each_other(self):
        course = factories.CourseFactory()
        made = Module.objects.bulk_create(Module(course=course, title=title) for title in "abc")
        assert [module.position for module in made] == [1, 2, 3]
        last = Module.objects.create(course=course, title="d", position=9)
        assert Module.objects.create(course=course, title="e").position == last.position + 1

    def test_rows_that_move_go_to_the_end(self):
        module = factories.ModuleFactory()
        there = factories.LessonFactory(module=module)
        moving = factories.LessonFactory.create_batch(2, module=factories.ModuleFactory())
        Lesson.objects.filter(pk__in=[lesson.pk for lesson in moving]).update(module=module)
        assert places(Lesson, module=module)[0] == (there.pk, 1)
        assert [place for _, place in places(Lesson, module=module)] == [1, 2, 3]

    def test_a_row_saved_without_a_place_keeps_its_own(self):
        module = factories.ModuleFactory(position=4)
        for nowhere in (None, 0):
            module.position = nowhere
            module.save()
            assert Module.objects.get().position == 4

    def test_no_two_rows_have_the_same_place(self):
        first, second = factories.ModuleFactory.create_batch(2, course=factories.CourseFactory())
        with pytest.raises(IntegrityError, match="module_position_key"), transaction.atomic():
            Module.objects.filter(pk=second.pk).update(position=first.position)
            connection.check_constraints()

    def test_the_admin_swaps_places(self, admin_client):
        module = factories.ModuleFactory()
        one, two = factories.LessonFactory.create_batch(2, module=module)
        form = {"course": module.course_id, "title": module.title, "description": "", "position": 1}
        form |= {"lessons-TOTAL_FORMS": 3, "lessons-INITIAL_FORMS": 2}
        for number, (lesson, place) in enumerate([(one, 2), (two, 1)]):
            values = {"id": lesson.pk, "module": module.pk, "title": lesson.title, "position": place}
            form |= {f"lessons-{number}-{name}": value for name, value in values.items()}
        form |= {"lessons-2-module": module.pk, "lessons-2-title": "New", "lessons-2-position": ""}
        answer = admin_client.post(f"/admin/courses/module/{module.pk}/change/", form)
        assert answer.status_code == 302, answer.content.decode()
        new = Lesson.objects.get(title="New")
        assert places(Lesson, module=module) == [(two.pk, 1), (one.pk, 2), (new.pk, 3)]


class TestWriting:
    def test_modules_and_lessons_are_added_read_changed_and_deleted(self, api):
        course = factories.CourseFactory()
        added = api.post(modules(course), {"title": "Basics", "description": "First"}, format="json")
        module = Module.objects.get()
        assert (added.status_code, added["Location"]) == (201, own(module))
        expected = {
            "id": module.pk,
            "course": course.pk,
            "title": "Basics",
            "description": "First",
            "position": 1,
        }
        assert added.json() == expected
        assert api.get(modules(course)).json()["results"] == [expected]

        added = api.post(lessons(module), {"title": "One", "content": "Text"}, format="json")
        lesson = Lesson.objects.get()
        read = api.get(added["Location"])
        assert (read.json(), read["ETag"]) == (added.json(), added["ETag"])
        assert read.json()["content"] == "Text"
        summary = {"id": lesson.pk, "module": module.pk, "title": "One", "position": 1}
        assert api.get(lessons(module)).json()["results"] == [summary]

        changed = api.patch(own(lesson), {"title": "Two"}, format="json")
        assert changed.json() == {**read.json(), "title": "Two"}
        assert api.put(own(lesson), changed.json(), format="json")["ETag"] == changed["ETag"]
        assert cache.course_detail.get(pk=course.pk).value["modules"][0]["lessons"][0]["title"] == "Two"

        problem(api.delete(own(lesson), headers={"If-Match": read["ETag"]}), 412)
        assert api.delete(own(lesson), headers={"If-Match": changed["ETag"]}).status_code == 204
        assert api.delete(own(module)).status_code == 204
        assert cache.course_detail.get(pk=course.pk).value["modules"] == []

    def test_what_moves_goes_to_the_end_and_both_courses_show_it(self, api):
        module = factories.LessonFactory().module
        source, target = module.course, factories.ModuleFactory().course
        for course in (source, target):
            cache.course_detail.get(pk=course.pk)
        moved = api.patch(own(module), {"course": target.pk}, format="json").json()
        assert (moved["course"], moved["position"]) == (target.pk, 2)
        assert cache.course_detail.get(pk=source.pk).value["modules"] == []
        assert [each["id"] for each in cache.course_detail.get(pk=target.pk).value["modules"]][1] == module.pk

        lesson, other = module.lessons.get(), factories.ModuleFactory(course=source)
        assert api.patch(own(lesson), {"module": other.pk}, format="json").json()["module"] == other.pk
        assert cache.course_detail.get(pk=source.pk).value["modules"][0]["lessons"][0]["id"] == lesson.pk

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "title"),
            ({"title": ""}, "title"),
            ({"title": "x" * 256}, "title"),
            ({"title": "x", "course": 1}, "course"),
            ({"title": "x", "position": 5}, "position"),
            ({"title": "x", "description": "x" * 20_001}, "description"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_a_module_that_is_not_one_is_refused(self, api, body, field):
        course = factories.CourseFactory()
        assert [*problem(api.post(modules(course), body, format="json"), 400)["errors"]] == [field]
        assert not Module.objects.exists()

    def test_a_draft_is_no_place_to_move_to_without_the_right_to_see_it(self, api):
        draft, module = factories.CourseFactory(is_published=False), factories.ModuleFactory()
        errors = problem(api.patch(own(module), {"course": draft.pk}, format="json"), 400)["errors"]
        assert [*errors] == ["course"]
        hidden = factories.LessonFactory(module__course=draft)
        for address in (modules(draft), lessons(hidden.module), own(hidden), own(hidden.module)):
            problem(api.get(address), 404)

    @pytest.mark.parametrize("count", [1, 50])
    def test_lists_cost_the_same_for_1_and_50(self, editor, count, django_assert_num_queries):
        module = factories.ModuleFactory()
        factories.LessonFactory.create_batch(count, module=module)
        factories.ModuleFactory.create_batch(count - 1, course=module.course)
        for address in (modules(module.course), lessons(module)):
            client = client_of(User.objects.get(pk=editor.pk))
            with django_assert_num_queries(5):  # permissions of the user and of groups, parent, count, page
                assert client.get(address, {"page_size": 100}).json()["count"] == count


class TestOrder:
    @pytest.fixture
    def module(self):
        module = factories.ModuleFactory()
        factories.LessonFactory.create_batch(3, module=module)
        return module

    def ids(self, module):
        return [pk for pk, _ in places(Lesson, module=module)]

    def test_it_is_changed_by_one_statement_and_shown_at_once(self, api, module):
        before = cache.course_detail.get(pk=module.course_id).value["modules"][0]["lessons"]
        ids = self.ids(module)[::-1]
        etag = api.get(f"{lessons(module)}order/")["ETag"]
        headers = {"If-Match": etag}
        with CaptureQueriesContext(connection) as captured:
            answer = api.put(f"{lessons(module)}order/", {"ids": ids}, format="json", headers=headers)
        assert answer.json() == {"ids": ids}
        assert len([query for query in captured if "UPDATE" in query["sql"][:10]]) == 1
        assert places(Lesson, module=module) == [(pk, place) for place, pk in enumerate(ids, 1)]
        after = cache.course_detail.get(pk=module.course_id).value["modules"][0]["lessons"]
        assert [each["id"] for each in after] == [each["id"] for each in before][::-1] == ids
        problem(api.put(f"{lessons(module)}order/", {"ids": ids}, format="json", headers=headers), 412)

    def test_modules_have_an_order_as_well(self, api, module):
        second = factories.ModuleFactory(course=module.course)
        answer = api.put(f"{modules(module.course)}order/", {"ids": [second.pk, module.pk]}, format="json")
        assert answer.json() == {"ids": [second.pk, module.pk]}

    def test_other_ids_than_those_that_are_there_are_refused_and_named(self, api, module):
        ids, foreign = self.ids(module), factories.LessonFactory().pk
        address = f"{lessons(module)}order/"
        detail = problem(api.put(address, {"ids": [*ids[1:], foreign]}, format="json"), 409)["detail"]
        assert f"Missing: {ids[0]}; not there: {foreign}." in detail
        for wrong in ([*ids, ids[0]], ["x"], None, [0]):
            assert "ids" in str([*problem(api.put(address, {"ids": wrong}, format="json"), 400)["errors"]])
        assert self.ids(module) == ids


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_simultaneous_additions_and_orders_leave_the_places_right(self, editor):
        module = factories.ModuleFactory()
        ids = [lesson.pk for lesson in factories.LessonFactory.create_batch(3, module=module)]

        def add():
            return client_of(editor).post(lessons(module), {"title": "New"}, format="json").status_code

        def order():
            body = {"ids": ids[::-1]}
            return client_of(editor).put(f"{lessons(module)}order/", body, format="json").status_code

        assert set(at_once(*[add] * 4, *[order] * 2)) <= {201, 200, 409}
        assert sorted(place for _, place in places(Lesson, module=module)) == list(range(1, 8))

    def test_a_module_is_moved_while_lessons_are_added_and_it_is_deleted(self, editor):
        for _ in range(5):
            module, target = factories.ModuleFactory(), factories.CourseFactory()
            move = partial(status_of, editor, "patch", own(module), {"course": target.pk})
            add = partial(status_of, editor, "post", lessons(module), {"title": "New"})
            delete = partial(status_of, editor, "delete", own(module))
            statuses = at_once(move, add, delete)
            assert set(statuses) <= {200, 201, 204, 404, 409}, statuses
            assert not Lesson.objects.exclude(module__in=Module.objects.all()).exists()

    def test_a_lesson_is_completed_while_it_is_deleted(self, editor):
        for _ in range(15):
            enrollment = factories.EnrollmentFactory()
            lesson = factories.LessonFactory(module__course=enrollment.course)
            complete = partial(status_of, enrollment.user, "post", f"{own(lesson)}complete/", {})
            delete = partial(status_of, editor, "delete", own(lesson))
            completed, deleted = at_once(complete, delete)
            assert deleted == 204
            assert completed in {201, 404}
            assert not enrollment.completions.exists()


def status_of(user, verb, address, body=None):
    return getattr(client_of(user), verb)(address, body, format="json").status_code


def test_an_order_that_is_there_already_writes_nothing(django_assert_num_queries):
    lesson = factories.LessonFactory()
    with django_assert_num_queries(3):  # the savepoint and one read
        outline.reorder(Lesson.objects.filter(module=lesson.module), [lesson.pk])


def test_a_full_outline_is_refused_with_the_rule(api):
    full = factories.ModuleFactory(position=MAX_POSITION)
    refusal = problem(api.post(modules(full.course), {"title": "New"}, format="json"), 400)
    assert "module_position_at_most_1000000" in refusal["detail"]
    lesson = factories.LessonFactory(module=full, position=MAX_POSITION)
    refusal = problem(api.post(lessons(lesson.module), {"title": "New"}, format="json"), 400)
    assert "lesson_position_at_most_1000000" in refusal["detail"]
