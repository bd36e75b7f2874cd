"""Makes rows of the courses for tests. Every factory gives a valid row; a test names what it is about."""

from __future__ import annotations

import factory
from django.utils import timezone

from core.names import display_name
from courses import models
from tests.factories import UserFactory


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


class LessonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Lesson

    module = factory.SubFactory(ModuleFactory)
    title = factory.Sequence("Lesson {}".format)
    content = "The lesson itself"


class EnrollmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Enrollment

    user = factory.SubFactory(UserFactory)
    course = factory.SubFactory(CourseFactory)


class LessonCompletionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.LessonCompletion

    lesson = factory.SubFactory(LessonFactory)
    enrollment = factory.SubFactory(EnrollmentFactory, course=factory.SelfAttribute("..lesson.module.course"))


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
    learner_name = factory.LazyAttribute(lambda made: display_name(made.enrollment.user))
    course_title = factory.LazyAttribute(lambda made: made.enrollment.course.title)
