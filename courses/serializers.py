"""What the API takes and gives."""

from __future__ import annotations

from django.urls import reverse
from rest_framework import serializers

from api.serializers import ModelSerializer, Serializer
from core.names import same_name
from courses.models import CATEGORY_TAKEN, Category, Certificate, Course, Enrollment, Lesson, Review

MAX_DESCRIPTION_CHARACTERS = 20_000
MAX_REVIEW_CHARACTERS = 5_000


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
            "is_published": {"help_text": "False: a draft, which only editors see."},
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


class OutlineLessonSerializer(ModelSerializer[Lesson]):
    class Meta:
        model = Lesson
        fields = ["id", "title", "position"]


class OutlineModuleSerializer(Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    lessons = OutlineLessonSerializer(many=True, help_text="In the order of the module.")
    position = serializers.IntegerField()
    description = serializers.CharField()


class CourseDetailSerializer(CourseSummarySerializer):
    """A course whose query has the annotation ``outline``, as plain data."""

    modules = OutlineModuleSerializer(many=True, source="outline", help_text="In the order of the course.")

    class Meta(CourseSummarySerializer.Meta):
        fields = [*CourseSummarySerializer.Meta.fields[:-1], "description", "category", "modules"]


class LessonSerializer(ModelSerializer[Lesson]):
    class Meta:
        model = Lesson
        fields = ["id", "module", "title", "content", "position"]


class EnrollmentSerializer(ModelSerializer[Enrollment]):
    class Meta:
        model = Enrollment
        fields = ["course", "created_at", "completed_at"]


class ReviewSerializer(ModelSerializer[Review]):
    user = serializers.CharField(source="user.username", read_only=True, help_text="The user name.")

    class Meta:
        model = Review
        fields = ["id", "user", "rating", "text", "created_at"]
        extra_kwargs = {
            "rating": {"help_text": "From 1 to 5."},
            "text": {"max_length": MAX_REVIEW_CHARACTERS, "help_text": "Plain text; may be empty."},
        }


class CertificateSerializer(ModelSerializer[Certificate]):
    learner = serializers.CharField(source="learner_name", help_text="The name when it was issued.")
    course = serializers.CharField(source="course_title", help_text="The title when it was issued.")
    completed_at = serializers.DateTimeField(source="enrollment.completed_at")
    pdf = serializers.SerializerMethodField(help_text="Where its owner gets the file; null until it is made.")

    class Meta:
        model = Certificate
        fields = ["uuid", "learner", "course", "completed_at", "issued_at", "pdf"]

    def get_pdf(self, certificate: Certificate) -> str | None:
        return reverse("certificate-file", args=[certificate.uuid]) if certificate.file else None
