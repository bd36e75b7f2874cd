"""Makes rows for tests. Every factory gives a valid row; a test names only what it is about."""

from __future__ import annotations

import factory
from django.contrib.auth import get_user_model
from django.utils import timezone

from courses import models
from messaging.models import VerifiedEmail


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence("learner{}".format)
    email = factory.LazyAttribute("{0.username}@example.com".format)
    first_name = "Анна"
    last_name = "Иванова"

    @factory.post_generation
    def verified(self, create, wanted, **_):
        """Verify the e-mail, unless it is created with verified=False."""
        if create and self.email and wanted is not False:
            VerifiedEmail.objects.create(user=self, address=self.email)


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Category

    name = factory.Sequence("Category {}".format)


class CourseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Course

    title = factory.Sequence("Course {}".format)
    description = "What it is about"
    category = factory.SubFactory(CategoryFactory)

    @classmethod
    def _create(cls, model_class, *args, views=0, students_count=0, rating=0, **kwargs):
        course = super()._create(model_class, *args, **kwargs)
        counted = {"views": views, "students_count": students_count, "rating": rating}
        if any(counted.values()):
            models.CourseStats.objects.filter(course=course).update(**counted)
        return course


class ModuleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Module

    course = factory.SubFactory(CourseFactory)
    title = factory.Sequence("Module {}".format)
    position = factory.Sequence(int)


class LessonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Lesson

    module = factory.SubFactory(ModuleFactory)
    title = factory.Sequence("Lesson {}".format)
    content = "The lesson itself"
    position = factory.Sequence(int)


class EnrollmentFactory(factory.django.DjangoModelFactory):
    """An enrolment whose mail has been sent; ``notified_at=None`` makes one whose mail is due."""

    class Meta:
        model = models.Enrollment

    user = factory.SubFactory(UserFactory)
    course = factory.SubFactory(CourseFactory)
    notified_at = factory.LazyFunction(timezone.now)


class ReviewFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Review

    user = factory.SubFactory(UserFactory)
    course = factory.SubFactory(CourseFactory)
    rating = 5
    text = "Good"


class CertificateFactory(factory.django.DjangoModelFactory):
    """A certificate whose file has not been made."""

    class Meta:
        model = models.Certificate

    enrollment = factory.SubFactory(EnrollmentFactory, completed_at=factory.LazyFunction(timezone.now))
