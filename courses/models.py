"""The catalogue and what learners do with it: data and database constraints."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.files.storage import Storage, storages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from core.names import NameField, NameKey, UniqueName, display_name
from courses.search import TitleWords

if TYPE_CHECKING:
    pass

PUBLISHED = models.Q(is_published=True)
CATEGORY_TAKEN = _("There is already a category with this name.")
AT_THE_END = "Empty: at the end."
MAX_POSITION = 1_000_000  # the end, one more, is still a number that PostgreSQL can store


class Category(models.Model):
    name = NameField(max_length=100)

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "categories"
        constraints = [
            UniqueName(NameKey("name"), name="category_name_key", violation_error_message=CATEGORY_TAKEN),
            models.CheckConstraint(
                condition=~models.Q(Exact(NameKey("name"), "")), name="category_name_visible"
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)


class CourseManager(models.Manager["Course"]):
    """Courses without the words for the search, which only the database reads."""

    def get_queryset(self) -> models.QuerySet[Course]:
        return super().get_queryset().defer("words")


class Course(models.Model):
    """A course. Its counts are in ``CourseStats``, what a search finds in ``words`` (search.py)."""

    title = NameField(max_length=255)
    description = models.TextField(blank=True)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="courses", null=True, blank=True
    )
    is_published = models.BooleanField("published", default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    words = models.GeneratedField(
        expression=models.Func("title", "description", function="courses_search_vector"),
        output_field=SearchVectorField(),
        db_persist=True,
        serialize=False,
    )

    objects = CourseManager()

    class Meta:
        ordering = ["-id"]
        # One index serves both directions of an order, because ties are broken in the same direction.
        indexes = [
            models.Index(fields=[field, "id"], name=f"course_by_{field}", condition=PUBLISHED)
            for field in ("title", "created_at")
        ] + [
            models.Index(fields=["id"], name="course_published", condition=PUBLISHED),
            models.Index(fields=["category", "id"], name="course_in_category", condition=PUBLISHED),
            GinIndex(fields=["words"], name="course_words"),
            GinIndex(TitleWords(), name="course_title_words"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(title=""), name="course_title_not_empty"),
        ]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def statistics(self) -> CourseStats:
        """Return the course's ``stats``; zeros where there is no row, as for a course not yet saved."""
        return getattr(self, "stats", None) or CourseStats()


class CourseStats(models.Model):
    """The counts of a course, kept by background work. ``rating`` is the mean of its reviews, or 0.00.

    Triggers of courses_course add the row, whatever statement adds the course, and keep ``is_published``
    as the course's (migrations 0002 and 0007). The counts have a table of their own so that counting does
    not write the course, and saving a course cannot undo what was counted since it was loaded.
    """

    course = models.OneToOneField(Course, on_delete=models.CASCADE, primary_key=True, related_name="stats")
    views = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    students_count = models.PositiveIntegerField("students", default=0, db_default=0, editable=False)
    rating = models.DecimalField(
        max_digits=3, decimal_places=2, default=Decimal("0.00"), db_default=Decimal("0.00"), editable=False
    )
    is_published = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "course statistics"
        # For the orders of the catalogue: PostgreSQL finds a page in the index alone, drafts left out, and
        # looks up only the courses of that page.
        indexes = [
            models.Index(fields=[field, "course"], include=["is_published"], name=f"stats_by_{field}")
            for field in ("views", "students_count", "rating")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rating__gte=0, rating__lte=5), name="stats_rating_0_to_5"
            ),
        ]

    def __str__(self) -> str:
        return f"Statistics of course {self.course_id}"


class Module(models.Model):
    """A part of a course.

    ``position`` is its place in the course, from 1. A trigger fills it in (migration 0006): a module that
    is added with 0 goes to the end; so does one that moves to another course. Lessons are placed alike.
    """

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="modules", db_index=False)
    title = NameField(max_length=255)
    description = models.TextField(blank=True)
    position = models.PositiveIntegerField(
        blank=True, db_default=0, help_text=AT_THE_END, validators=[MaxValueValidator(MAX_POSITION)]
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(  # checked at COMMIT, so that rows can swap places
                fields=["course", "position"],
                name="module_position_key",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=~models.Q(title=""), name="module_title_not_empty"),
            models.CheckConstraint(
                condition=models.Q(position__lte=MAX_POSITION), name="module_position_at_most_1000000"
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)


class Lesson(models.Model):
    module = models.ForeignKey(Module, on_delete=models.CASCADE, related_name="lessons", db_index=False)
    title = NameField(max_length=255)
    content = models.TextField(blank=True)
    position = models.PositiveIntegerField(
        blank=True, db_default=0, help_text=AT_THE_END, validators=[MaxValueValidator(MAX_POSITION)]
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(  # checked at COMMIT, so that rows can swap places
                fields=["module", "position"],
                name="lesson_position_key",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=~models.Q(title=""), name="lesson_title_not_empty"),
            models.CheckConstraint(
                condition=models.Q(position__lte=MAX_POSITION), name="lesson_position_at_most_1000000"
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)


class Enrollment(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="enrollments", db_index=False
    )
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="enrollments")
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "course"], name="one_enrollment_per_user_and_course"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.course}"


class LessonCompletion(models.Model):
    """A lesson that a learner has completed. Progress counts those of the course's present lessons."""

    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.CASCADE, related_name="completions", db_index=False
    )
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="completions")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "lesson"], name="one_completion_per_lesson"),
        ]

    def __str__(self) -> str:
        return f"{self.lesson} by {self.enrollment.user}"


class Review(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reviews", db_index=False
    )
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="reviews", db_index=False)
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "course"], name="one_review_per_user_and_course"),
            models.CheckConstraint(
                condition=models.Q(rating__gte=1, rating__lte=5), name="review_rating_1_to_5"
            ),
        ]
        indexes = [models.Index(fields=["course", "id"], name="review_in_course")]

    def __str__(self) -> str:
        return f"{self.rating} by {self.user} for {self.course}"


CERTIFICATE_FOLDER = "certificates"  # under MEDIA_ROOT


def certificate_storage() -> Storage:
    """Return the storage in which a certificate that is made again replaces its file."""
    return storages["certificates"]


class CertificateManager(models.Manager["Certificate"]):
    def issue(self, enrollment: Enrollment) -> tuple[Certificate, bool]:
        """Return the certificate of an enrolment, and whether it is new.

        A new one takes the learner's name and the course's title as they are now.
        """
        names = {"learner_name": display_name(enrollment.user), "course_title": enrollment.course.title}
        return self.get_or_create(enrollment=enrollment, defaults=names)


class Certificate(models.Model):
    """Proof of a completed enrolment. ``file`` is empty until background work has made the PDF.

    What it states does not follow later changes of the user or the course.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    enrollment = models.OneToOneField(Enrollment, on_delete=models.CASCADE, related_name="certificate")
    learner_name = models.CharField("learner", max_length=301, editable=False)
    course_title = models.CharField("course", max_length=255, editable=False)
    issued_at = models.DateTimeField(auto_now_add=True)
    file = models.FileField(
        upload_to=CERTIFICATE_FOLDER, storage=certificate_storage, blank=True, editable=False
    )

    objects = CertificateManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(learner_name="") & ~models.Q(course_title=""),
                name="certificate_states_who_and_what",
            ),
        ]
        indexes = [
            models.Index(fields=["issued_at"], name="certificate_file_due", condition=models.Q(file="")),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class ViewBatch(models.Model):
    """A batch of counted views that has been added to the courses: it is never added twice."""

    id = models.UUIDField(primary_key=True)
    applied_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        verbose_name_plural = "view batches"

    def __str__(self) -> str:
        return str(self.id)
