"""Certificates: anyone who has the number can verify one; its owner and staff get the PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import FileResponse
from drf_spectacular.utils import extend_schema_view
from rest_framework import status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import AllowAny

from api.problems.exceptions import Conflict, Problem
from api.viewsets import GenericViewSet, RetrieveModelMixin
from core.users import current_user
from courses import schema, tasks
from courses.fonts import MissingFontError, fallback_fonts
from courses.models import Certificate
from courses.serializers import CertificateSerializer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from rest_framework.parsers import BaseParser
    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request

SECONDS_TO_MAKE_A_FILE = 5


class OneFormat(BaseContentNegotiation):
    """Ignores what the client says it accepts: a file has one format, and so have problems."""

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


@extend_schema_view(**schema.CERTIFICATES)
class CertificateViewSet(RetrieveModelMixin, GenericViewSet[Certificate]):
    permission_classes = [AllowAny]
    serializer_class = CertificateSerializer
    queryset = Certificate.objects.select_related("enrollment")
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    @schema.PDF
    def pdf(self, request: Request, uuid: UUID) -> FileResponse:
        """Routed by courses/urls.py, because of its suffix."""
        certificate = self.get_object()
        user = current_user(request)
        if certificate.enrollment.user_id != user.pk and not user.is_staff:
            raise PermissionDenied("Only its owner and staff may download a certificate.")
        try:
            file = certificate.file.open()
        except (ValueError, FileNotFoundError):  # not made yet, or lost
            raise _not_there(certificate) from None
        return FileResponse(file, filename=f"{uuid}.pdf", content_type="application/pdf")


def _not_there(certificate: Certificate) -> Problem:
    """Have the file made, and return the problem that says so; or the reason why it cannot be made."""
    try:
        fallback_fonts(certificate.learner_name + certificate.course_title)
    except MissingFontError as error:
        return Conflict(f"The file cannot be made. {error}")
    tasks.certify.publish(certificate.enrollment_id)
    return Problem(
        "The file is being made: try again in a few seconds.",
        status=status.HTTP_404_NOT_FOUND,
        headers={"Retry-After": str(SECONDS_TO_MAKE_A_FILE)},
    )
