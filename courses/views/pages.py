"""The public page of a certificate, to which the QR code on the PDF leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from courses.models import Certificate
from web.pages import own_page

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


@own_page
@require_safe
def certificate_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show who has completed what, as it was when the certificate was issued."""
    certificate = get_object_or_404(Certificate.objects.select_related("enrollment"), uuid=uuid)
    is_owner = certificate.enrollment.user_id == request.user.pk
    context = {
        "certificate": certificate,
        "completed_at": certificate.enrollment.completed_at or certificate.issued_at,
        "has_pdf": bool(certificate.file) and (is_owner or getattr(request.user, "is_staff", False)),
    }
    return render(request, "courses/certificate.html", context)
