"""What learners do in a course: enrol, read, review, complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from api.pagination import PageQuery
from api.serializers import refuse_body
from api.viewsets import GenericViewSet
from core.users import current_user
from courses import actions, schema
from courses.models import Course, Lesson, Review
from courses.permissions import can_read_lessons, find_course
from courses.progress import NOT_ENROLLED
from courses.serializers import (
    CertificateSerializer,
    EnrollmentSerializer,
    LessonSerializer,
    ReviewSerializer,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class LearningViewSet(GenericViewSet[Course]):
    queryset = Course.objects.all()
    query_serializers = {"reviews": PageQuery}
    lookup_value_converter = "int"

    @schema.ENROLL
    @action(detail=True, methods=["post"])
    def enroll(self, request: Request, pk: int) -> Response:
        refuse_body(request)
        enrollment, created = actions.enroll(user=current_user(request), course=find_course(pk, request.user))
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(EnrollmentSerializer(enrollment).data, status=code)

    @schema.LEAVE
    @enroll.mapping.delete
    def leave(self, request: Request, pk: int) -> Response:
        actions.unenroll(user=current_user(request), course_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @schema.REVIEWS
    @action(detail=True, permission_classes=[IsAuthenticatedOrReadOnly])
    def reviews(self, request: Request, pk: int) -> Response:
        course = find_course(pk, request.user)
        rows: QuerySet[Any] = Review.objects.filter(course=course).select_related("user").order_by("-id")
        return self.get_paginated_response(ReviewSerializer(self.paginate_queryset(rows), many=True).data)

    @schema.ADD_REVIEW
    @reviews.mapping.post
    def add_review(self, request: Request, pk: int) -> Response:
        serializer = ReviewSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        course = find_course(pk, request.user)
        review = actions.add_review(user=current_user(request), course=course, **serializer.validated_data)
        headers = {"Location": reverse("my-review-detail", args=[review.pk])}
        return Response(ReviewSerializer(review).data, status=status.HTTP_201_CREATED, headers=headers)

    @schema.LESSON
    @action(detail=True, url_path="lessons/<int:lesson_id>")
    def lesson(self, request: Request, pk: int, lesson_id: int) -> Response:
        course = find_course(pk, request.user)
        if not can_read_lessons(current_user(request), course):
            raise PermissionDenied(NOT_ENROLLED)
        lesson = get_object_or_404(Lesson, pk=lesson_id, module__course=course)
        return Response(LessonSerializer(lesson).data)

    @schema.COMPLETE
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: int) -> Response:
        refuse_body(request)
        course = find_course(pk, request.user)
        certificate = actions.complete_course(user=current_user(request), course=course)
        code = status.HTTP_200_OK if certificate.file else status.HTTP_202_ACCEPTED
        return Response(CertificateSerializer(certificate).data, status=code)
