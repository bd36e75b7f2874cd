"""The operations in the OpenAPI schema: what the public reads of them."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from courses.serializers import (
    CategorySerializer,
    CertificateSerializer,
    CourseDetailSerializer,
    CourseSummarySerializer,
    CourseWriteSerializer,
    EnrollmentSerializer,
    LessonSerializer,
    ReviewSerializer,
)

IF_MATCH = "With `If-Match`, it is done only if the ETag is still the present one; else the answer is 412."
CACHED = "The answer may come from the cache; it is never older than the last completed write."

COURSES = {
    "list": extend_schema(
        summary="List the catalogue",
        description=f"Published courses, filtered and sorted, by pages. {CACHED}",
        responses=CourseSummarySerializer(many=True),
    ),
    "create": extend_schema(
        summary="Add a course",
        description="Needs the permission to add courses.",
        request=CourseWriteSerializer,
        responses={201: CourseDetailSerializer},
    ),
    "retrieve": extend_schema(
        summary="Get a course",
        description=f"A course with the titles of its modules and lessons. {CACHED}",
        responses=CourseDetailSerializer,
    ),
    "update": extend_schema(
        summary="Replace a course",
        description=f"Needs the permission to change courses. {IF_MATCH}",
        request=CourseWriteSerializer,
        responses=CourseDetailSerializer,
    ),
    "partial_update": extend_schema(
        summary="Change a course",
        description=f"Fields that are not given stay as they are. {IF_MATCH}",
        request=CourseWriteSerializer,
        responses=CourseDetailSerializer,
    ),
    "destroy": extend_schema(
        summary="Delete a course",
        description=f"409 while a user is enrolled or has reviewed it. {IF_MATCH}",
        responses={204: None},
    ),
}
TOP = extend_schema(
    operation_id="courses_top",
    summary="List the first courses in some order",
    description=f"The first `limit` published courses. {CACHED}",
    responses=CourseSummarySerializer(many=True),
)
CATEGORIES = {
    "list": extend_schema(
        summary="List the categories",
        description=f"All categories, by name, on one page. {CACHED}",
        responses=CategorySerializer(many=True),
    ),
    "create": extend_schema(summary="Add a category", description="Needs the permission to add categories."),
    "retrieve": extend_schema(summary="Get a category", description="A category with its name."),
    "update": extend_schema(
        summary="Replace a category", description=f"Needs the permission to change categories. {IF_MATCH}"
    ),
    "partial_update": extend_schema(
        summary="Change a category", description=f"Needs the permission to change categories. {IF_MATCH}"
    ),
    "destroy": extend_schema(
        summary="Delete a category", description=f"409 while a course is in it. {IF_MATCH}"
    ),
}
ENROLL = extend_schema(
    operation_id="courses_enroll",
    summary="Enrol in a course",
    description="201 for a new enrolment; 200 with the present one, which stays as it is.",
    request=None,
    responses={201: EnrollmentSerializer, 200: EnrollmentSerializer},
)
LEAVE = extend_schema(
    operation_id="courses_leave",
    summary="Leave a course",
    description="A completed course cannot be left (409). A review stays.",
    responses={204: None},
)
REVIEWS = extend_schema(
    operation_id="courses_reviews_list",
    summary="List the reviews of a course",
    description="By pages, the newest first.",
    responses=ReviewSerializer(many=True),
)
ADD_REVIEW = extend_schema(
    operation_id="courses_reviews_create",
    summary="Review a course",
    description="Once, by a user who is enrolled. A second review is a 409.",
    request=ReviewSerializer,
    responses={201: ReviewSerializer},
)
LESSON = extend_schema(
    operation_id="courses_lesson",
    summary="Read a lesson",
    description="For staff and for users who are enrolled in the course.",
    responses=LessonSerializer,
)
COMPLETE = extend_schema(
    operation_id="courses_complete",
    summary="Complete a course",
    description="Issues a certificate. Its PDF is made in the background: 202 until then, 200 after it. 409 "
    "with the missing `lessons` until each lesson of the course is completed; completing again is no error.",
    request=None,
    responses={202: CertificateSerializer, 200: CertificateSerializer},
)
CERTIFICATES = {
    "retrieve": extend_schema(
        summary="Verify a certificate",
        description="Name and title are those at the time when the certificate was issued.",
    ),
}
PDF = extend_schema(
    operation_id="certificates_pdf",
    summary="Download a certificate",
    description="The PDF, for its owner and staff; 404 with `Retry-After` until it is made.",
    responses={(200, "application/pdf"): OpenApiTypes.BINARY},
)
