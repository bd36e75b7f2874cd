"""Certificates: one page of PDF, made once."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, cast

from django.core.files.base import ContentFile
from django.db import transaction
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from courses.fonts import MAIN_FONT, fallback_fonts
from courses.models import Certificate, Enrollment

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from fpdf.fonts import TTFFont

FONT = "Roboto"
MOST_LINES = 3
NAME_POINTS, TITLE_POINTS, TEXT_POINTS, SMALL_POINTS = 34, 24, 14, 10


@transaction.atomic
def make_certificate(enrollment_id: int) -> Certificate | None:
    """The certificate of a completed enrolment with its file, made where it is missing.

    None where there is nothing to certify: the enrolment has gone, or is not completed.
    """
    enrollment = (
        Enrollment.objects.select_for_update(of=["self"])
        .select_related("user", "course")
        .filter(pk=enrollment_id, completed_at__isnull=False)
        .first()
    )
    if enrollment is None:
        return None
    certificate, _ = Certificate.objects.get_or_create(enrollment=enrollment)
    if not has_file(certificate):
        certificate.file.save(f"{certificate.uuid}.pdf", ContentFile(render(certificate)), save=False)
        certificate.save(update_fields=["file"])
    return certificate


def has_file(certificate: Certificate) -> bool:
    """Whether the PDF is really there: a row can outlive its file."""
    name = certificate.file.name
    return bool(name and certificate.file.storage.exists(name))


def holder_name(user: User) -> str:
    """The full name, or where there is none, the user name."""
    return user.get_full_name() or user.get_username()


def render(certificate: Certificate) -> bytes:
    """Return the certificate as PDF, A4 across.

    Raises:
        MissingFontError: the name or the title has a character that no font here has.
    """
    enrollment = certificate.enrollment
    completed = enrollment.completed_at or certificate.issued_at
    pdf = FPDF(orientation="landscape", format="A4")
    _add_fonts(pdf, holder_name(enrollment.user) + enrollment.course.title)
    pdf.set_title(f"Certificate: {enrollment.course.title}")
    pdf.set_creation_date(certificate.issued_at)
    pdf.add_page()
    pdf.set_y(45)
    _line(pdf, "CERTIFICATE", TEXT_POINTS)
    _line(pdf, holder_name(enrollment.user), NAME_POINTS)
    _line(pdf, "has completed the course", TEXT_POINTS)
    _line(pdf, enrollment.course.title, TITLE_POINTS)
    _line(pdf, f"{completed.astimezone(UTC):%Y-%m-%d}", TEXT_POINTS)
    _line(pdf, f"Certificate {certificate.uuid}", SMALL_POINTS)
    made = bytes(pdf.output())
    for font in pdf.fonts.values():
        cast("TTFFont", font).ttfont.close()  # only such are added
    return made


def _add_fonts(pdf: FPDF, text: str) -> None:
    fonts = fallback_fonts(text)
    pdf.add_font(FONT, fname=MAIN_FONT)
    for font in fonts:
        pdf.add_font(font.stem, fname=font)
    pdf.set_fallback_fonts([font.stem for font in fonts], exact_match=False)
    pdf.set_text_shaping(True)  # ligatures, Indic vowel signs, right-to-left text


def _line(pdf: FPDF, text: str, points: int) -> None:
    """A paragraph in the middle, smaller where it would not fit."""
    while _lines(pdf, text, points) > MOST_LINES and points > SMALL_POINTS:
        points -= 2
    pdf.multi_cell(0, _height(points), text, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(4)


def _lines(pdf: FPDF, text: str, points: int) -> int:
    pdf.set_font(FONT, size=points)
    lines = pdf.multi_cell(0, _height(points), text, dry_run=True, output=MethodReturnValue.LINES)
    return len(cast("list[str]", lines))


def _height(points: int) -> float:
    return points * 0.55  # mm: a little more than the letters
