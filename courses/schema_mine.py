"""The operations under me/ in the OpenAPI schema."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view

from courses.schema import IF_MATCH

MY_ENROLLMENTS = extend_schema_view(
    list=extend_schema(
        summary="List your enrolments",
        description="Your courses with your progress, the newest enrolment first. With `course` it says "
        "whether you are enrolled in that one.",
    )
)
MY_CERTIFICATES = extend_schema_view(
    list=extend_schema(summary="List your certificates", description="The newest first.")
)
MY_REVIEWS = extend_schema_view(
    list=extend_schema(
        summary="List your reviews", description="The newest first, also of courses that you have left."
    ),
    retrieve=extend_schema(summary="Get your review", description="404 for a review of another user."),
    update=extend_schema(
        summary="Replace your review", description=f"The rating of the course follows. {IF_MATCH}"
    ),
    partial_update=extend_schema(
        summary="Change your review", description=f"The rating of the course follows. {IF_MATCH}"
    ),
    destroy=extend_schema(
        summary="Delete your review", description=f"The rating of the course follows. {IF_MATCH}"
    ),
)
