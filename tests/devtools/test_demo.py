"""Demo data: the requested size, the same data for the same seed, and no data twice."""

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from clients.models import Client
from courses.certificates import has_file
from courses.models import Certificate, Course, CourseStats, Enrollment, Lesson, Module, Review
from devtools.demo import courses, fill, plan, services, tasks, topics, users
from devtools.demo.plan import Plan
from messaging.models import OutgoingMessage
from services.models import PriceChange, Recalculation, Subscription
from tasks.models import Task

pytestmark = pytest.mark.django_db

TABLES = (User, Course, Module, Lesson, Enrollment, Review, Client, Subscription)


def counts() -> list[int]:
    return [model.objects.count() for model in TABLES]


def content() -> list[object]:
    """Return the data without keys and times."""
    return [
        list(User.objects.order_by("username").values_list("username", "first_name", "is_staff")),
        list(Course.objects.order_by("id").values_list("title", "is_published")),
        list(CourseStats.objects.order_by("pk").values_list("views", "students_count", "rating")),
        list(Lesson.objects.order_by("id").values_list("title", "content", "module__title")),
        sorted(Review.objects.values_list("user__username", "rating", "course__title")),
        list(Subscription.objects.order_by("id").values_list("client__company_name", "price", "region")),
    ]


def test_the_small_size_fills_every_table():
    fill(Plan("small"))
    assert all(counts())
    assert Course.objects.count() == courses.COURSES["small"]
    assert User.objects.count() == users.STUDENTS["small"] + 1


def test_a_second_run_adds_nothing():
    fill(Plan())
    before = counts(), content()
    assert not any(fill(Plan()).values())
    assert (counts(), content()) == before


def test_a_second_run_leaves_edited_and_other_seeds_rows_alone():
    fill(Plan(seed=1))
    Course.objects.update(title="Edited")
    before = counts()
    assert not any(fill(Plan(seed=2)).values())
    assert counts() == before


def test_the_same_seed_makes_the_same_data_and_another_seed_others():
    def made_by(seed: int) -> list[object]:
        for model in (Subscription, Client, Review, Enrollment, Course, User):
            model.objects.all().delete()
        fill(Plan(seed=seed))
        return content()

    first = made_by(7)
    assert made_by(7) == first
    assert made_by(8) != first


def test_a_larger_size_adds_to_a_smaller_one(monkeypatch):
    monkeypatch.setattr(plan, "CHUNK_ROWS", 4)
    monkeypatch.setitem(courses.COURSES, "large", courses.COURSES["small"] + 10)
    monkeypatch.setitem(users.STUDENTS, "large", users.STUDENTS["small"] + 20)
    monkeypatch.setitem(services.SUBSCRIPTIONS, "large", 130)
    monkeypatch.setitem(tasks.LISTS, "large", 30)
    monkeypatch.setitem(topics.TOPICS, "large", 30)
    fill(Plan("small"))
    added = fill(Plan("large"))
    assert (added["users"], added["courses"]) == (20, 10)
    assert Subscription.objects.count() == 130


def test_statistics_are_those_of_the_rows():
    fill(Plan())
    for course in Course.objects.select_related("stats"):
        assert course.stats.students_count == course.enrollments.count()
    assert CourseStats.objects.filter(rating__gt=0).exists()


def test_only_the_enrolled_review_and_no_draft_has_students():
    fill(Plan())
    enrolled = set(Enrollment.objects.values_list("user", "course"))
    assert set(Review.objects.values_list("user", "course")) <= enrolled
    drafts = Course.objects.filter(is_published=False)
    assert drafts.exists()
    assert not Enrollment.objects.filter(course__in=drafts).exists()
    assert Course.objects.order_by("id").first().is_published  # the README looks at it


def test_no_mail_is_due_for_demo_data():
    fill(Plan())
    assert OutgoingMessage.objects.filter(state="sent").exists()
    assert not OutgoingMessage.objects.filter(state="pending").exists()


def test_the_data_tell_a_story():
    """Something is there of everything that a list, a chart or an alarm shows."""
    fill(Plan())
    assert Course.objects.filter(is_published=False).exists()
    assert Task.objects.filter(status="overdue").exists()
    assert {*OutgoingMessage.objects.values_list("state", flat=True)} == {"sent", "uncertain", "given_up"}
    assert all(has_file(certificate) for certificate in Certificate.objects.all())
    assert Enrollment.objects.filter(completed_at=None, completions__isnull=False).exists()
    assert Recalculation.objects.exclude(finished_at=None).exists()
    assert PriceChange.objects.filter(applied_at=None).count() == 1
    weeks = {moment.isocalendar()[:2] for moment in Subscription.objects.values_list("created_at", flat=True)}
    assert len(weeks) > 20


@pytest.mark.parametrize("wanted", [20, 1_000])
def test_titles_do_not_repeat(wanted):
    titles = {courses.title_of(number) for number in range(1, wanted + 1)}
    assert len(titles) == wanted


def test_the_command_prints_users_who_can_sign_in_and_no_bar_without_a_terminal(capfd, client, settings):
    settings.DEBUG = True
    said = io.StringIO()
    call_command("demo", stdout=said)
    assert "admin / syllabus-demo" in said.getvalue()
    assert client.login(username="admin", password="syllabus-demo")
    assert User.objects.get(username="admin").is_superuser
    assert client.login(username="student1", password="syllabus-demo")
    assert "courses:" not in capfd.readouterr().err  # tqdm's, as on a terminal


def test_a_changed_password_is_not_printed():
    fill(Plan())
    admin = User.objects.get(username="admin")
    admin.set_password("of my own")
    admin.save()
    assert users.shown(plan.PUBLIC_PASSWORD) == ["student1", "student2"]


@pytest.mark.parametrize("password", [None, ""])
def test_without_debug_there_is_no_public_password(password):
    with pytest.raises(CommandError, match="choose another with --password"):
        call_command("demo", password=password)
    assert not User.objects.exists()


def test_without_debug_a_password_of_ones_own_is_used(client):
    said = io.StringIO()
    call_command("demo", password="of my own", stdout=said)
    assert "admin / of my own" in said.getvalue()
    assert client.login(username="admin", password="of my own")
    assert not client.login(username="admin", password=plan.PUBLIC_PASSWORD)
