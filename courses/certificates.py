"""The PDF of a certificate: one page, made once."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, cast

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from courses.fonts import MAIN_FONT, fallback_fonts
from courses.models import CERTIFICATE_FOLDER, Certificate, Enrollment, certificate_storage
from messaging import delivery

if TYPE_CHECKING:
    from django.core.files.storage import Storage
    from fpdf.fonts import TTFFont

FONT = "Roboto"
MAX_LINES = 3
MIN_ORPHAN_AGE = timedelta(hours=1)
FILES_AT_ONCE = 1000
NAME_POINTS, TITLE_POINTS, TEXT_POINTS, SMALL_POINTS = 34, 24, 14, 10


@transaction.atomic
def make_certificate(enrollment_id: int) -> Certificate | None:
    """Return the certificate of a completed enrolment; make it and its file where they are missing.

    A first file is mailed to the learner, one that is made again is not.

    None if there is nothing to certify: the enrolment was deleted, or is not completed.
    """
    enrollment = (
        Enrollment.objects.select_for_update(of=["self"])
        .select_related("user", "course")
        .filter(pk=enrollment_id, completed_at__isnull=False)
        .first()
    )
    if enrollment is None:
        return None
    certificate, _ = Certificate.objects.issue(enrollment)
    if not certificate.file:
        _mail(certificate)
    if not has_file(certificate):
        certificate.file.save(f"{certificate.uuid}.pdf", ContentFile(render(certificate)), save=False)
        certificate.save(update_fields=["file"])
    return certificate


def _mail(certificate: Certificate) -> None:
    delivery.send(
        user=certificate.enrollment.user,
        kind="courses.certificate",
        payload={"certificate": certificate.pk},
        dedupe_key=f"courses.certificate:{certificate.pk}",
        mail_only=True,
    )


def has_file(certificate: Certificate) -> bool:
    """Return whether the PDF exists: a file can be lost while its row is kept."""
    name = certificate.file.name
    return bool(name and certificate.file.storage.exists(name))


def render(certificate: Certificate) -> bytes:
    """Return the certificate as a PDF of one page, A4, landscape.

    Raises:
        MissingFontError: the name or the title has a character that no font here has.
    """
    completed = certificate.enrollment.completed_at or certificate.issued_at
    pdf = FPDF(orientation="landscape", format="A4")
    _add_fonts(pdf, certificate.learner_name + certificate.course_title)
    pdf.set_title(f"Certificate: {certificate.course_title}")
    pdf.set_creation_date(certificate.issued_at)
    pdf.add_page()
    pdf.set_y(45)
    _line(pdf, "CERTIFICATE", TEXT_POINTS)
    _line(pdf, certificate.learner_name, NAME_POINTS)
    _line(pdf, "has completed the course", TEXT_POINTS)
    _line(pdf, certificate.course_title, TITLE_POINTS)
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
    """Write a centred paragraph, in a smaller size where it would not fit."""
    while _lines(pdf, text, points) > MAX_LINES and points > SMALL_POINTS:
        points -= 2
    pdf.multi_cell(0, _height(points), text, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(4)


def _lines(pdf: FPDF, text: str, points: int) -> int:
    pdf.set_font(FONT, size=points)
    lines = pdf.multi_cell(0, _height(points), text, dry_run=True, output=MethodReturnValue.LINES)
    return len(cast("list[str]", lines))


def _height(points: int) -> float:
    return points * 0.55  # mm: a little more than the height of the letters


def delete_file(name: str) -> None:
    """Delete a certificate's file; no error if there is none."""
    certificate_storage().delete(name)


def delete_orphaned_files() -> int:
    """Delete the files whose certificates are gone. Return how many.

    A process can be killed between the commit that deletes a row and the deletion of its file, or between
    the writing of a file and the commit of its row: young files are left alone.
    """
    storage, before = certificate_storage(), timezone.now() - MIN_ORPHAN_AGE
    files, deleted = _files(storage), 0
    for start in range(0, len(files), FILES_AT_ONCE):
        names = files[start : start + FILES_AT_ONCE]
        known = set(Certificate.objects.filter(file__in=names).values_list("file", flat=True))
        for name in set(names) - known:
            if storage.get_modified_time(name) < before:
                storage.delete(name)
                deleted += 1
    return deleted


def _files(storage: Storage) -> list[str]:
    try:
        _, names = storage.listdir(CERTIFICATE_FOLDER)
    except FileNotFoundError:  # none was ever made
        return []
    return [f"{CERTIFICATE_FOLDER}/{name}" for name in names]
