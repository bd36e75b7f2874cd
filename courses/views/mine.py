"""What is the signed-in user's own: enrolments with their progress, certificates, reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import mixins

from api.viewsets import (
    DestroyModelMixin,
    GenericViewSet,
    RetrieveModelMixin,
    UpdateModelMixin,
)
from core.users import current_user
from courses import actions, schema_mine
from courses.models import Certificate, Enrollment, Review
from courses.parameters import MyEnrollmentQuery
from courses.progress import with_progress
from courses.serializers import CertificateSerializer, MyEnrollmentSerializer, MyReviewSerializer

if TYPE_CHECKING:
    from django.db.models import QuerySet


@schema_mine.MY_ENROLLMENTS
class MyEnrollmentViewSet(mixins.ListModelMixin, GenericViewSet[Enrollment]):
    serializer_class = MyEnrollmentSerializer
    query_serializers = {"list": MyEnrollmentQuery}
    queryset = Enrollment.objects.none()

    def get_queryset(self) -> QuerySet[Enrollment]:
        own = Enrollment.objects.filter(user=current_user(self.request)).order_by("-id")
        return with_progress(own.select_related("course", "certificate"))

    def filter_queryset(self, queryset: QuerySet[Enrollment, Any]) -> QuerySet[Enrollment, Any]:
        found = super().filter_queryset(queryset)
        course = self.query["course"]
        return found if course is None else found.filter(course=course)


@schema_mine.MY_CERTIFICATES
class MyCertificateViewSet(mixins.ListModelMixin, GenericViewSet[Certificate]):
    serializer_class = CertificateSerializer
    queryset = Certificate.objects.none()

    def get_queryset(self) -> QuerySet[Certificate]:
        own = Certificate.objects.filter(enrollment__user=current_user(self.request))
        return own.select_related("enrollment").order_by("-id")


@schema_mine.MY_REVIEWS
class MyReviewViewSet(
    mixins.ListModelMixin, RetrieveModelMixin, UpdateModelMixin, DestroyModelMixin, GenericViewSet[Review]
):
    serializer_class = MyReviewSerializer
    queryset = Review.objects.none()
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Review]:
        own = Review.objects.filter(user=current_user(self.request))
        return own.select_related("course").order_by("-id")

    def perform_update(self, serializer: Any) -> None:
        for name, value in serializer.validated_data.items():
            setattr(serializer.instance, name, value)
        actions.save_review(serializer.instance)

    def perform_destroy(self, row: Review) -> None:  # type: ignore[override]
        actions.delete_review(row)
