"""What the API takes and gives."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import IdField, PrimaryKeyRelatedField
from api.serializers import ModelSerializer, Serializer
from core.names import same_name
from courses.models import (
    CATEGORY_TAKEN,
    Category,
    Certificate,
    Course,
    Enrollment,
    Lesson,
    LessonCompletion,
    Module,
    Review,
)
from courses.permissions import visible_courses, visible_modules
from courses.progress import percent

MAX_DESCRIPTION_CHARACTERS = 20_000
MAX_LESSON_CHARACTERS = 100_000
MAX_REVIEW_CHARACTERS = 5_000
MAX_CHILDREN = 1_000
DRAFT_HELP = "False: a draft, which only editors see."
COMPLETED_HELP = "When the course was completed; null until then."
POSITION_HELP = "The place, from 1; changed by PUT to the parent's order/."


class CategorySerializer(ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ["id", "name"]
        extra_kwargs = {"name": {"help_text": "Unique among the categories, whatever the letter case."}}

    def validate_name(self, name: str) -> str:
        same = same_name(Category.objects.all(), name)
        if same.exclude(pk=getattr(self.instance, "pk", None) or 0).exists():
            raise serializers.ValidationError(CATEGORY_TAKEN)
        return name


class CourseWriteSerializer(ModelSerializer[Course]):
    class Meta:
        model = Course
        fields = ["title", "description", "category", "is_published"]
        extra_kwargs = {
            "title": {"help_text": "What learners look for."},
            "description": {"max_length": MAX_DESCRIPTION_CHARACTERS, "help_text": "Plain text."},
            "category": {"help_text": "The id of a category, or null."},
            "is_published": {"help_text": DRAFT_HELP},
        }


class CourseSummarySerializer(ModelSerializer[Course]):
    views = serializers.IntegerField(
        source="statistics.views", read_only=True, help_text="How often the course was read; may lag."
    )
    students_count = serializers.IntegerField(
        source="statistics.students_count", read_only=True, help_text="How many users are enrolled."
    )
    rating = serializers.FloatField(
        source="statistics.rating",
        read_only=True,
        min_value=0,
        max_value=5,
        help_text="The mean of the reviews; 0 without any.",
    )
    category = CategorySerializer(read_only=True, allow_null=True, help_text="Null: none.")

    class Meta:
        model = Course
        fields = [
            "id",
            "title",
            "is_published",
            "created_at",
            "updated_at",
            "views",
            "students_count",
            "rating",
            "category",
        ]
        extra_kwargs = {
            "is_published": {"help_text": DRAFT_HELP},
            "description": {"help_text": "Plain text."},
        }


class OutlineLessonSerializer(ModelSerializer[Lesson]):
    class Meta:
        model = Lesson
        fields = ["id", "title", "position"]


class OutlineModuleSerializer(Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    lessons = OutlineLessonSerializer(many=True, help_text="In the order of the module.")
    position = serializers.IntegerField(help_text="The place in the course, from 1.")
    description = serializers.CharField(help_text="Plain text.")


class CourseDetailSerializer(CourseSummarySerializer):
    """A course whose query has the annotation ``outline``, as plain data."""

    modules = OutlineModuleSerializer(many=True, source="outline", help_text="In the order of the course.")

    class Meta(CourseSummarySerializer.Meta):
        fields = [*CourseSummarySerializer.Meta.fields[:-1], "description", "category", "modules"]


class VisibleCourseField(PrimaryKeyRelatedField):
    def get_queryset(self) -> Any:
        return visible_courses(self.context["request"].user)


class VisibleModuleField(PrimaryKeyRelatedField):
    def get_queryset(self) -> Any:
        return visible_modules(self.context["request"].user)


class ModuleSerializer(ModelSerializer[Module]):
    accepts_unchanged = True
    course = VisibleCourseField(help_text="The id of the course; another one moves the module to its end.")

    class Meta:
        model = Module
        fields = ["id", "course", "title", "description", "position"]
        read_only_fields = ["position"]
        extra_kwargs = {
            "title": {"help_text": "What the outline shows."},
            "description": {"max_length": MAX_DESCRIPTION_CHARACTERS, "help_text": "Plain text."},
            "position": {"help_text": POSITION_HELP},
        }


class NewModuleSerializer(ModuleSerializer):
    course = PrimaryKeyRelatedField(read_only=True, help_text="That of the address.")  # type: ignore[assignment]


class LessonSerializer(ModelSerializer[Lesson]):
    accepts_unchanged = True
    module = VisibleModuleField(help_text="The id of the module; another one moves the lesson to its end.")

    class Meta:
        model = Lesson
        fields = ["id", "module", "title", "content", "position"]
        read_only_fields = ["position"]
        extra_kwargs = {
            "title": {"help_text": "What the outline shows."},
            "content": {"max_length": MAX_LESSON_CHARACTERS, "help_text": "For learners and staff."},
            "position": {"help_text": POSITION_HELP},
        }


class NewLessonSerializer(LessonSerializer):
    module = PrimaryKeyRelatedField(read_only=True, help_text="That of the address.")  # type: ignore[assignment]


class LessonSummarySerializer(ModelSerializer[Lesson]):
    class Meta:
        model = Lesson
        fields = ["id", "module", "title", "position"]
        extra_kwargs = {"module": {"help_text": "The id of its module."}}


class OrderedIdsSerializer(Serializer):
    ids = serializers.ListField(
        child=IdField(), max_length=MAX_CHILDREN, help_text="The ids of all of them, in the new order."
    )

    def validate_ids(self, ids: list[int]) -> list[int]:
        if len(set(ids)) != len(ids):
            raise serializers.ValidationError("An id is given twice.")
        return ids


class LessonCompletionSerializer(ModelSerializer[LessonCompletion]):
    completed_at = serializers.DateTimeField(source="created_at", help_text="When it was completed first.")

    class Meta:
        model = LessonCompletion
        fields = ["lesson", "completed_at"]
        extra_kwargs = {"lesson": {"help_text": "The id of the lesson."}}


class EnrollmentSerializer(ModelSerializer[Enrollment]):
    class Meta:
        model = Enrollment
        fields = ["course", "created_at", "completed_at"]
        extra_kwargs = {
            "course": {"help_text": "The id of the course."},
            "completed_at": {"help_text": COMPLETED_HELP},
        }


class ReviewSerializer(ModelSerializer[Review]):
    user = serializers.CharField(source="user.username", read_only=True, help_text="The user name.")

    class Meta:
        model = Review
        fields = ["id", "user", "rating", "text", "created_at"]
        extra_kwargs = {
            "rating": {"help_text": "From 1 to 5."},
            "text": {"max_length": MAX_REVIEW_CHARACTERS, "help_text": "Plain text; may be empty."},
        }


class CourseTitleSerializer(ModelSerializer[Course]):
    class Meta:
        model = Course
        fields = ["id", "title"]


class MyReviewSerializer(ModelSerializer[Review]):
    accepts_unchanged = True
    course = CourseTitleSerializer(read_only=True, help_text="The course.")

    class Meta:
        model = Review
        fields = ["id", "course", "rating", "text", "created_at"]
        extra_kwargs = ReviewSerializer.Meta.extra_kwargs


class CertificateSerializer(ModelSerializer[Certificate]):
    learner = serializers.CharField(source="learner_name", help_text="The name when it was issued.")
    course = serializers.CharField(source="course_title", help_text="The title when it was issued.")
    completed_at = serializers.DateTimeField(
        source="enrollment.completed_at", help_text="When the learner completed the course."
    )
    page = serializers.SerializerMethodField(help_text="Where anyone can verify it in a browser.")
    pdf = serializers.SerializerMethodField(help_text="Where its owner gets the file; null until it is made.")

    class Meta:
        model = Certificate
        fields = ["uuid", "learner", "course", "completed_at", "issued_at", "page", "pdf"]
        extra_kwargs = {"issued_at": {"help_text": "When it was issued."}}

    def get_page(self, certificate: Certificate) -> str:
        return reverse("certificate-page", args=[certificate.uuid])

    def get_pdf(self, certificate: Certificate) -> str | None:
        return reverse("certificate-file", args=[certificate.uuid]) if certificate.file else None


class MyEnrollmentSerializer(ModelSerializer[Enrollment]):
    """An enrolment of a query ``with_progress``."""

    course = CourseTitleSerializer(read_only=True, help_text="The course.")
    progress = serializers.SerializerMethodField(help_text="How much is completed, in per cent.")
    lessons_count = serializers.IntegerField(help_text="How many lessons the course has.")
    completed_lessons = serializers.ListField(
        child=serializers.IntegerField(), help_text="The ids of the lessons that you have completed."
    )
    certificate = serializers.SerializerMethodField(help_text="Null until the course is completed.")

    class Meta:
        model = Enrollment
        fields = [
            "course",
            "created_at",
            "completed_at",
            "progress",
            "lessons_count",
            "completed_lessons",
            "certificate",
        ]
        extra_kwargs = {"completed_at": {"help_text": COMPLETED_HELP}}

    def get_progress(self, enrollment: Any) -> int:
        return percent(len(enrollment.completed_lessons), enrollment.lessons_count)

    @extend_schema_field(CertificateSerializer(allow_null=True))
    def get_certificate(self, enrollment: Enrollment) -> Any:
        certificate = getattr(enrollment, "certificate", None)
        return certificate and CertificateSerializer(certificate).data
