"""Celery's entry points, and that a lost message is made up for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from config import celery_app
from courses import actions, tasks, view_counts
from courses.models import Certificate, CourseStats
from messaging.tasks import deliver_due
from tests.courses import factories
from tests.support.broker import queued

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(settings):
    """Runs what is published at once, as a worker would a moment later."""
    celery_app.conf.task_always_eager = celery_app.conf.task_eager_propagates = True
    yield
    celery_app.conf.task_always_eager = celery_app.conf.task_eager_propagates = False


def age_certificates():
    Certificate.objects.update(issued_at=timezone.now() - timedelta(minutes=2))


def test_what_beat_runs_exists():
    celery_app.loader.import_default_modules()
    names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {name for name in names if name.startswith("courses.")} == {
        "courses.tasks.flush_views",
        "courses.tasks.catch_up",
        "courses.tasks.delete_orphaned_files",
        "courses.tasks.reconcile_statistics",
    }
    assert names <= celery_app.tasks.keys()


@pytest.mark.usefixtures("worker")
def test_an_enrolment_is_followed_up(mailoutbox, django_capture_on_commit_callbacks):
    course = factories.CourseFactory()
    with django_capture_on_commit_callbacks(execute=True):
        actions.enroll(user=factories.UserFactory(), course=course)
    assert len(mailoutbox) == 1
    assert CourseStats.objects.get().students_count == 1


@pytest.mark.usefixtures("worker")
def test_a_completion_is_followed_up(mailoutbox, django_capture_on_commit_callbacks):
    enrollment = factories.EnrollmentFactory()
    with django_capture_on_commit_callbacks(execute=True):
        actions.complete_course(user=enrollment.user, course=enrollment.course)
    assert Certificate.objects.get().file
    assert len(mailoutbox[0].attachments) == 1


@pytest.mark.usefixtures("worker")
def test_a_review_and_a_departure_are_followed_up(django_capture_on_commit_callbacks):
    enrollment = factories.EnrollmentFactory()
    who = {"user": enrollment.user, "course": enrollment.course}
    CourseStats.objects.update(students_count=1)
    with django_capture_on_commit_callbacks(execute=True):
        actions.add_review(**who, rating=4)
    assert CourseStats.objects.get().rating == 4
    with django_capture_on_commit_callbacks(execute=True):
        actions.unenroll(user=who["user"], course_id=who["course"].pk)
    assert CourseStats.objects.get().students_count == 0


class TestCatchingUp:
    def test_a_certificate_without_a_file_is_published_again_once_it_is_overdue(self):
        factories.CertificateFactory()
        tasks.catch_up()
        assert queued() == []
        age_certificates()
        tasks.catch_up()
        assert queued() == ["courses.tasks.certify"]

    def test_what_is_done_is_left_alone(self):
        factories.CertificateFactory(file="x")
        age_certificates()
        tasks.catch_up()
        assert queued() == []

    @pytest.mark.usefixtures("worker")
    def test_everything_lost_is_done_by_the_next_round(self, mailoutbox):
        who = {"user": factories.UserFactory(), "course": factories.CourseFactory()}
        actions.enroll(**who)  # what is published is lost
        actions.complete_course(**who)
        age_certificates()
        for _ in range(2):
            tasks.catch_up()
            deliver_due()
            assert sorted(mail.subject.split(":")[0] for mail in mailoutbox) == [
                "You are enrolled",
                "Your certificate",
            ]

    @pytest.mark.usefixtures("worker")
    def test_certificates_that_no_font_shows_do_not_keep_out_another(self, monkeypatch, settings):
        settings.FONT_FOLDERS = ["/nowhere"]
        monkeypatch.setattr(tasks, "MAX_AT_ONCE", 2)
        for days, name in enumerate(("Learner", "中", "文"), start=1):
            made = factories.CertificateFactory(learner_name=name)
            Certificate.objects.filter(pk=made.pk).update(issued_at=timezone.now() - timedelta(days=days))
        for _ in range(50):  # each has the third with a chance of 2 in 3
            tasks.catch_up()
            if Certificate.objects.exclude(file="").exists():
                break
        assert Certificate.objects.exclude(file="").get().learner_name == "Learner"

    def test_a_round_is_bounded_and_costs_the_same_for_1_and_50(self, monkeypatch, django_assert_num_queries):
        monkeypatch.setattr(tasks, "MAX_AT_ONCE", 20)
        for count, published in [(1, 1), (49, 20)]:
            factories.CertificateFactory.create_batch(count)
            age_certificates()
            before = len(queued())
            with django_assert_num_queries(1):
                tasks.catch_up()
            assert len(queued()) - before == published


def test_the_flush_task_flushes():
    course = factories.CourseFactory()
    view_counts.course_views.count(course.pk)
    tasks.flush_views()
    assert CourseStats.objects.get().views == 1


def test_a_task_for_what_has_gone_is_no_error():
    tasks.certify(404)
    tasks.refresh_statistics([404])
