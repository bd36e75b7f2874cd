"""The migrations of data: counts move to a table of their own and back; certificates get their names;
e-mails that are still to be sent become messages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from core.names import display_name
from courses import selectors
from courses.models import Certificate, CourseStats, Module
from messaging import dispatch
from messaging.models import OutgoingMessage
from tests.courses import factories

BEFORE, AFTER = "0001_initial", "0002_course_stats"
NAMED, SENT = "0003_certificate_names", "0004_outgoing_messages"
LATEST = "0008_places"
FIELDS = ("pk", "views", "students_count", "rating")


def migrate(name):
    MigrationExecutor(connection).migrate([("courses", name)])


def apps_of(name):
    """Return the models as they were, after the migration back to them."""
    migrate(name)
    return MigrationExecutor(connection).loader.project_state([("courses", name)]).apps


def course_of_before():
    """Return the model of the courses as it was while they had the counts themselves."""
    state = MigrationExecutor(connection).loader.project_state([("courses", BEFORE)])
    return state.apps.get_model("courses", "Course")


def counts(model):
    return list(model.objects.order_by("pk").values_list(*FIELDS))


@pytest.fixture
def _migrated_again(transactional_db):
    yield
    call_command("migrate", verbosity=0)  # of all apps, with what follows a migration: triggers of the cache


@pytest.mark.usefixtures("_migrated_again")
def test_what_was_counted_moves_to_the_statistics():
    migrate(BEFORE)
    old = course_of_before()
    old.objects.create(title="Seen", views=7, students_count=3, rating="4.33")
    old.objects.create(title="New", is_published=False)
    before = counts(old)
    migrate(AFTER)
    assert counts(CourseStats) == before
    assert [row[1:] for row in before] == [(7, 3, Decimal("4.33")), (0, 0, Decimal(0))]
    state = MigrationExecutor(connection).loader.project_state([("courses", AFTER)])
    state.apps.get_model("courses", "Course").objects.create(title="With a trigger")
    assert CourseStats.objects.values_list("views", flat=True).last() == 0


@pytest.mark.usefixtures("_migrated_again")
def test_what_was_counted_moves_back_to_the_courses():
    factories.CourseFactory(views=7, students_count=3, rating="4.33")
    factories.CourseFactory()
    without = factories.CourseFactory(views=9)
    before = counts(CourseStats)
    CourseStats.objects.filter(pk=without.pk).delete()
    migrate(BEFORE)
    assert counts(course_of_before()) == [*before[:2], (without.pk, 0, 0, 0)]
    course_of_before().objects.create(title="Without a trigger")
    migrate(AFTER)
    assert [row[1:] for row in counts(CourseStats)] == [(7, 3, Decimal("4.33")), *[(0, 0, 0)] * 3]


@pytest.mark.usefixtures("_migrated_again")
def test_the_indexes_and_constraints_come_back_with_the_columns():
    def names():
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, "courses_course")
        return {name for name in found if not name.endswith("_not_null")}  # PostgreSQL 18 names those, too

    after = names()
    migrate(BEFORE)
    assert names() - after == {
        "course_by_views",
        "course_by_students_count",
        "course_by_rating",
        "course_rating_0_to_5",
        "courses_course_views_check",
        "courses_course_students_count_check",
    }
    migrate(LATEST)
    assert names() == after


@pytest.mark.usefixtures("_migrated_again")
@pytest.mark.parametrize(
    ("first", "last", "name"), [("Anna", "Smith", "Anna Smith"), ("", "", "anna"), ("Anna", "", "Anna")]
)
def test_certificates_get_the_names_of_today(first, last, name):
    enrollment = factories.EnrollmentFactory(
        user__username="anna", user__first_name=first, user__last_name=last, course__title="Redis"
    )
    migrate(AFTER)
    state = MigrationExecutor(connection).loader.project_state([("courses", AFTER)])
    state.apps.get_model("courses", "Certificate").objects.create(enrollment_id=enrollment.pk)
    migrate(LATEST)
    certificate = Certificate.objects.get()
    assert (certificate.learner_name, certificate.course_title) == (name, "Redis")
    assert certificate.learner_name == display_name(enrollment.user)


@pytest.mark.usefixtures("_migrated_again")
def test_mails_that_are_still_to_be_sent_become_messages_and_back(mailoutbox):
    certificate = factories.CertificateFactory()
    old = apps_of(NAMED)
    enrollments, certificates = (
        old.get_model("courses", name).objects for name in ("Enrollment", "Certificate")
    )
    sent, due = timezone.now(), None
    enrollments.update(notified_at=sent)
    other = {"course_id": certificate.enrollment.course_id, "user_id": factories.UserFactory().pk}
    unsent = enrollments.create(**other, notified_at=due)
    certificates.update(file="made.pdf")
    migrate(LATEST)
    messages = OutgoingMessage.objects.order_by("pk")
    assert [(message.user_id, message.kind, message.payload) for message in messages] == [
        (unsent.user_id, "courses.enrolled", {"enrollment": unsent.pk}),
        (certificate.enrollment.user_id, "courses.certificate", {"certificate": certificate.pk}),
    ]
    dispatch.dispatch(messages.filter(kind="courses.enrolled"))
    assert [mail.to for mail in mailoutbox] == [[User.objects.get(pk=unsent.user_id).email]]
    migrate(NAMED)
    assert not enrollments.filter(notified_at=None).exists()
    assert certificates.get().notified_at is None
    migrate(LATEST)
    assert [message.state for message in messages.all()] == ["sent", "pending"]


@pytest.mark.usefixtures("_migrated_again")
def test_categories_of_the_same_name_stop_the_migration_with_a_list_and_stay():
    migrate(SENT)
    old = apps_of(SENT).get_model("courses", "Category")
    names = ["Kotlin", "kotlin", "Go", "\u200b"]
    old.objects.bulk_create(old(name=name) for name in names)
    with pytest.raises(CommandError) as refusal:
        migrate(LATEST)
    assert "Kotlin" in str(refusal.value)
    assert "Go" not in str(refusal.value)
    assert sorted(old.objects.values_list("name", flat=True)) == sorted(names)
    old.objects.exclude(name="Go").delete()
    migrate(LATEST)


@pytest.mark.usefixtures("_migrated_again")
def test_equal_places_are_numbered_in_the_order_in_which_they_were_shown():
    old = apps_of("0005_names")
    course = old.get_model("courses", "Course").objects.create(title="Old")
    model = old.get_model("courses", "Module")
    titles = [("last", 7), ("a", 0), ("b", 0), ("c", 2)]
    model.objects.bulk_create(model(course=course, title=title, position=place) for title, place in titles)
    migrate(LATEST)
    placed = Module.objects.order_by("position").values_list("title", "position")
    assert list(placed) == [("a", 1), ("b", 2), ("c", 3), ("last", 4)]


@pytest.mark.usefixtures("_migrated_again")
def test_the_search_finds_what_was_there_and_the_statistics_know_what_is_published():
    old = apps_of("0006_outline_and_progress").get_model("courses", "Course")
    old.objects.create(title="Основы Python", description="Ёлка")
    old.objects.create(title="Draft", is_published=False)
    migrate(LATEST)
    assert list(CourseStats.objects.order_by("pk").values_list("is_published", flat=True)) == [True, False]
    found = selectors.course_page(page=1, page_size=20, order=None, search="елк PYTH")
    assert [course["title"] for course in found["results"]] == ["Основы Python"]


@pytest.mark.usefixtures("_migrated_again")
def test_places_beyond_the_greatest_are_numbered_from_1():
    old = apps_of("0007_search")
    models = [old.get_model("courses", name) for name in ("Course", "Module")]
    courses = [models[0].objects.create(title=title) for title in ("One", "Other")]
    for course, places in zip(courses, [(3, 2**31 - 1), (3, 5)], strict=True):
        for place in places:
            models[1].objects.create(course=course, title=str(place), position=place)
    migrate(LATEST)
    placed = Module.objects.order_by("course_id", "position").values_list("title", "position")
    assert list(placed) == [("3", 1), (str(2**31 - 1), 2), ("3", 3), ("5", 5)]
