"""What learners do: enrol, read, review, complete, prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListCreateAPIView, RetrieveAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import AllowAny, IsAuthenticatedOrReadOnly
from rest_framework.response import Response
from rest_framework.views import APIView

from api.problems.exceptions import Problem
from core.users import current_user
from courses import actions, tasks
from courses.models import Certificate, Lesson, Review
from courses.permissions import find_course, may_read_lessons
from courses.serializers import (
    CertificateSerializer,
    EnrollmentSerializer,
    LessonSerializer,
    ReviewSerializer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.db.models import QuerySet
    from rest_framework.parsers import BaseParser
    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request

SECONDS_TO_MAKE_A_FILE = 5


class Enrolling(APIView):
    @extend_schema(
        summary="Enrol; again changes nothing",
        request=None,
        responses={201: EnrollmentSerializer, 200: EnrollmentSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        enrollment, created = actions.enroll(user=current_user(request), course=find_course(pk, request.user))
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(EnrollmentSerializer(enrollment).data, status=code)

    @extend_schema(summary="Leave a course that is not completed", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        actions.unenroll(user=current_user(request), course_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReviewList(ListCreateAPIView[Review]):
    permission_classes = [IsAuthenticatedOrReadOnly]
    serializer_class = ReviewSerializer
    queryset = Review.objects.select_related("user").order_by("-id")

    def filter_queryset(self, queryset: QuerySet[Review, Any]) -> QuerySet[Review, Any]:
        return queryset.filter(course=find_course(self.kwargs["pk"], self.request.user))

    def perform_create(self, serializer: Any) -> None:
        course = find_course(self.kwargs["pk"], self.request.user)
        serializer.instance = actions.add_review(
            user=current_user(self.request), course=course, **serializer.validated_data
        )


class LessonDetail(APIView):
    @extend_schema(summary="A lesson, for the enrolled and staff", responses=LessonSerializer)
    def get(self, request: Request, pk: int, lesson_pk: int) -> Response:
        course = find_course(pk, request.user)
        if not may_read_lessons(current_user(request), course):
            raise PermissionDenied(actions.NOT_ENROLLED)
        lesson = get_object_or_404(Lesson, pk=lesson_pk, module__course=course)
        return Response(LessonSerializer(lesson).data)


class Completion(APIView):
    @extend_schema(
        summary="Complete a course; its certificate is made in the background",
        request=None,
        responses={202: CertificateSerializer, 200: CertificateSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        course = find_course(pk, request.user)
        certificate = actions.complete_course(user=current_user(request), course=course)
        code = status.HTTP_200_OK if certificate.file else status.HTTP_202_ACCEPTED
        return Response(CertificateSerializer(certificate).data, status=code)


class CertificateDetail(RetrieveAPIView[Certificate]):
    """Anyone who is shown a certificate can verify it here."""

    permission_classes = [AllowAny]
    serializer_class = CertificateSerializer
    queryset = Certificate.objects.select_related("enrollment__user", "enrollment__course")
    lookup_field = "uuid"


class OneFormat(BaseContentNegotiation):
    """Whatever the client says it accepts: a file has one format, and so have problems."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:  # noqa: ARG002
        return next(iter(parsers))

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type


class CertificateFile(APIView):
    content_negotiation_class = OneFormat

    @extend_schema(
        summary="The certificate, for its owner", responses={(200, "application/pdf"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, uuid: UUID) -> FileResponse:
        certificate = get_object_or_404(Certificate.objects.select_related("enrollment"), uuid=uuid)
        if certificate.enrollment.user_id != request.user.pk:
            raise PermissionDenied("Only its owner may download a certificate.")
        try:
            file = certificate.file.open()
        except (ValueError, FileNotFoundError):  # not made yet, or lost
            tasks.certify.publish(certificate.enrollment_id)
            raise _still_being_made() from None
        return FileResponse(file, filename=f"{uuid}.pdf", content_type="application/pdf")


def _still_being_made() -> Problem:
    return Problem(
        "The file is being made: try again in a few seconds.",
        status=status.HTTP_404_NOT_FOUND,
        headers={"Retry-After": str(SECONDS_TO_MAKE_A_FILE)},
    )
