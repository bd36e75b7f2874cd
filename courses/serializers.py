"""What the API takes, and the shapes of what it gives.

Cached answers are made by courses/selectors.py; the serializers named after them describe their
shapes in the schema (tests/courses/test_serializers.py holds the two together).
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from api.pagination import PageSerializer
from courses.certificates import holder_name
from courses.models import Category, Certificate, Course, Enrollment, Lesson, Review

DESCRIPTION_CHARACTERS = 20_000
REVIEW_CHARACTERS = 5_000


class CategorySerializer(serializers.ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ["id", "name"]


class CourseWriteSerializer(serializers.ModelSerializer[Course]):
    class Meta:
        model = Course
        fields = ["title", "description", "category", "is_published"]
        extra_kwargs = {"description": {"max_length": DESCRIPTION_CHARACTERS}}


class CourseSummarySerializer(serializers.ModelSerializer[Course]):
    category = CategorySerializer(allow_null=True)
    views = serializers.IntegerField(source="statistics.views", read_only=True)
    students_count = serializers.IntegerField(
        source="statistics.students_count", read_only=True, label="Students"
    )
    rating = serializers.FloatField(source="statistics.rating", min_value=0, max_value=5)

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


class CoursePageSerializer(PageSerializer):
    results = CourseSummarySerializer(many=True)


class OutlineLessonSerializer(serializers.ModelSerializer[Lesson]):
    class Meta:
        model = Lesson
        fields = ["id", "title", "position"]


class OutlineModuleSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    position = serializers.IntegerField()
    lessons = OutlineLessonSerializer(many=True)


class CourseDetailSerializer(CourseSummarySerializer):
    modules = OutlineModuleSerializer(many=True)

    class Meta(CourseSummarySerializer.Meta):
        fields = [*CourseSummarySerializer.Meta.fields, "description", "modules"]


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    class Meta:
        model = Lesson
        fields = ["id", "module", "title", "content", "position"]


class EnrollmentSerializer(serializers.ModelSerializer[Enrollment]):
    class Meta:
        model = Enrollment
        fields = ["course", "created_at", "completed_at"]


class ReviewSerializer(serializers.ModelSerializer[Review]):
    user = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Review
        fields = ["id", "user", "rating", "text", "created_at"]
        extra_kwargs = {"text": {"max_length": REVIEW_CHARACTERS}}


class CertificateSerializer(serializers.ModelSerializer[Certificate]):
    learner = serializers.SerializerMethodField()
    course = serializers.CharField(source="enrollment.course.title")
    completed_at = serializers.DateTimeField(source="enrollment.completed_at")
    pdf = serializers.SerializerMethodField(help_text="Where its owner gets the file; null until it is made.")

    class Meta:
        model = Certificate
        fields = ["uuid", "learner", "course", "completed_at", "issued_at", "pdf"]

    def get_learner(self, certificate: Certificate) -> str:
        return holder_name(certificate.enrollment.user)

    def get_pdf(self, certificate: Certificate) -> str | None:
        return reverse("certificate-file", args=[certificate.uuid]) if certificate.file else None
