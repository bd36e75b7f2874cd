"""Writes under concurrency, and what goes out after them."""

from __future__ import annotations

import socket
import time
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import Http404

from api.problems.exceptions import Conflict
from config import celery_app
from courses import actions
from courses.models import Certificate, Course, Enrollment, Review
from messaging.models import OutgoingMessage
from tests.courses import factories
from tests.support.broker import queued
from tests.support.threads import at_once

THREADS = 8
FOLLOW_UPS = ["courses.tasks.refresh_statistics", "messaging.tasks.deliver"]  # of an enrolment


def kinds(results):
    """How many results there are of each type."""
    names = [type(result).__name__ for result in results]
    return {name: names.count(name) for name in names}


@transaction.atomic
def delete_course(pk):
    """As the API does."""
    actions.delete_course(Course.objects.select_for_update(no_key=True).get(pk=pk))


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_simultaneous_enrolments_one_is_new(self):
        user, course = factories.UserFactory(), factories.CourseFactory()
        results = at_once(*[partial(actions.enroll, user=user, course=course)] * THREADS)
        assert sorted(created for _, created in results) == [False] * (THREADS - 1) + [True]
        assert Enrollment.objects.count() == 1
        assert sorted(queued()) == FOLLOW_UPS

    def test_of_simultaneous_reviews_one_is_written_and_the_others_conflict(self):
        enrollment = factories.EnrollmentFactory()
        review = partial(actions.add_review, user=enrollment.user, course=enrollment.course, rating=4)
        results = at_once(*[review] * THREADS, expected=(Conflict,))
        assert kinds(results) == {"Review": 1, "Conflict": THREADS - 1}
        assert Review.objects.count() == 1

    def test_of_simultaneous_completions_all_get_the_one_certificate(self):
        enrollment = factories.EnrollmentFactory()
        complete = partial(actions.complete_course, user=enrollment.user, course=enrollment.course)
        certificates = at_once(*[complete] * THREADS)
        assert len({certificate.uuid for certificate in certificates}) == 1
        assert Certificate.objects.count() == 1
        assert queued() == ["courses.tasks.certify"]

    def test_a_course_is_either_deleted_or_enrolled_in(self):
        users = factories.UserFactory.create_batch(THREADS - 1)
        for _ in range(5):
            course = factories.CourseFactory()
            delete = partial(delete_course, course.pk)
            results = at_once(
                delete,
                *(partial(actions.enroll, user=u, course=course) for u in users),
                expected=(Conflict, Http404),
            )
            if Course.objects.filter(pk=course.pk).exists():
                assert kinds(results) == {"Conflict": 1, "tuple": THREADS - 1}
                assert course.enrollments.count() == THREADS - 1
            else:
                assert kinds(results) == {"NoneType": 1, "Http404": THREADS - 1}

    def test_leaving_and_reviewing_do_not_cross(self):
        for _ in range(5):
            enrollment = factories.EnrollmentFactory()
            who = {"user": enrollment.user, "course": enrollment.course}
            reviewed, left = at_once(
                partial(actions.add_review, **who, rating=1),
                partial(actions.unenroll, user=who["user"], course_id=who["course"].pk),
                expected=(PermissionDenied,),
            )
            assert left is None
            assert isinstance(reviewed, Review | PermissionDenied)

    def test_leaving_and_completing_do_not_cross(self):
        for _ in range(5):
            enrollment = factories.EnrollmentFactory()
            who = {"user": enrollment.user, "course": enrollment.course}
            completed, left = at_once(
                partial(actions.complete_course, **who),
                partial(actions.unenroll, user=who["user"], course_id=who["course"].pk),
                expected=(Conflict, PermissionDenied),
            )
            stays = Enrollment.objects.filter(pk=enrollment.pk).exists()
            assert kinds([completed, left]) == (
                {"Certificate": 1, "Conflict": 1} if stays else {"PermissionDenied": 1, "NoneType": 1}
            )


@pytest.mark.django_db
class TestRefusals:
    def test_a_course_that_has_gone_is_not_enrolled_in(self):
        course = factories.CourseFactory()
        Course.objects.all().delete()
        with pytest.raises(Http404):
            actions.enroll(user=factories.UserFactory(), course=course)

    def test_only_the_enrolled_review_and_complete(self):
        who = {"user": factories.UserFactory(), "course": factories.CourseFactory()}
        with pytest.raises(PermissionDenied):
            actions.add_review(**who, rating=5)
        with pytest.raises(PermissionDenied):
            actions.complete_course(**who)
        with pytest.raises(Http404):
            actions.unenroll(user=who["user"], course_id=who["course"].pk)

    def test_what_is_in_use_is_not_deleted(self):
        review = factories.ReviewFactory()
        with pytest.raises(Conflict, match=r"1 review:.*is_published"):
            delete_course(review.course_id)
        assert Course.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestPublishing:
    @pytest.fixture
    def broker(self, monkeypatch):
        """Points Celery at another broker until the end of the test."""

        def use(url):
            monkeypatch.setenv("CELERY_BROKER_WRITE_URL", url)
            monkeypatch.setattr(celery_app, "_pool", None)
            monkeypatch.setattr(celery_app.amqp, "_producer_pool", None)

        return use

    def test_nothing_goes_out_before_the_commit(self):
        user, course = factories.UserFactory(), factories.CourseFactory()
        with transaction.atomic():
            actions.enroll(user=user, course=course)
            assert queued() == []
        assert sorted(queued()) == FOLLOW_UPS

    def test_nothing_goes_out_of_what_is_rolled_back(self):
        user, course = factories.UserFactory(), factories.CourseFactory()
        with transaction.atomic():
            actions.enroll(user=user, course=course)
            transaction.set_rollback(True)
        assert queued() == []
        assert not OutgoingMessage.objects.exists()

    def test_each_change_of_statistics_is_published(self):
        user, course = factories.UserFactory(), factories.CourseFactory()
        actions.enroll(user=user, course=course)
        actions.add_review(user=user, course=course, rating=5)
        actions.unenroll(user=user, course_id=course.pk)
        refresh = "courses.tasks.refresh_statistics"
        assert queued("default") == [refresh] * 3

    @pytest.mark.parametrize("answers", ["refuses", "hangs"])
    def test_a_broker_that_is_away_costs_no_more_than_a_second(self, broker, caplog, answers):
        user, course = factories.UserFactory(), factories.CourseFactory()
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            if answers == "hangs":
                deaf.listen()
            broker(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
            started = time.monotonic()
            actions.enroll(user=user, course=course)
            assert time.monotonic() - started < 1.5
        assert Enrollment.objects.filter(user=user, course=course).exists()
        assert all(task in caplog.text for task in FOLLOW_UPS)
        assert "left to beat" in caplog.text
        assert not connection.in_atomic_block
