"""How a certificate looks on paper: one page, A4, landscape, with a frame, a seal and a QR code."""

from __future__ import annotations

import math
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple, cast

import font_roboto
import segno
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from courses.fonts import MAIN_FONT, fallback_fonts

if TYPE_CHECKING:
    from fpdf.fonts import TTFFont

    from courses.models import Certificate

NAVY, GOLD, GREY, WHITE = (24, 42, 82), (168, 132, 52), (92, 98, 110), (255, 255, 255)
REGULAR, LIGHT, BOLD = "Roboto", "RobotoLight", "RobotoBold"  # the last two only for texts in Latin letters
WIDTH, HEIGHT, MARGIN = 297.0, 210.0, 36.0  # mm
FRAME, CORNER = 12.0, 9.0
MIDDLE_TOP, MIDDLE_BOTTOM = 63.0, 154.0  # between the heading and the seal
MAX_PART_HEIGHT = 26.0  # of the name, and of the title
SEAL_RADIUS, SEAL_POINTS = 13.0, 32
QR_SIZE, QR_LEFT, QR_TOP = 25.0, WIDTH - MARGIN - 25.0, 160.0
FOOT_WIDTH = WIDTH / 2 - MARGIN - SEAL_RADIUS - 3
MIN_POINTS = 9


class Paragraph(NamedTuple):
    """A centred text in the middle of the page, with the gap below it in mm."""

    text: str
    points: int
    color: tuple[int, int, int]
    gap: float


def render(certificate: Certificate, address: str) -> bytes:
    """Return the certificate as a PDF; ``address`` is where anyone can verify it.

    Raises:
        MissingFontError: the name or the title has a character that no font here has.
    """
    pdf = FPDF(orientation="landscape", format="A4")
    _add_fonts(pdf, certificate.learner_name + certificate.course_title)
    pdf.set_title(f"Certificate: {certificate.course_title}")
    pdf.set_author("Syllabus")
    pdf.set_lang("en")
    pdf.set_creation_date(certificate.issued_at)
    pdf.set_auto_page_break(False)
    pdf.set_margin(MARGIN)
    pdf.add_page()
    _draw_frame(pdf)
    _write_heading(pdf)
    _write_middle(pdf, certificate)
    _draw_seal(pdf)
    _write_foot(pdf, certificate, address)
    _draw_qr_code(pdf, address)
    made = bytes(pdf.output())
    for font in pdf.fonts.values():
        cast("TTFFont", font).ttfont.close()  # only such are added
    return made


def _add_fonts(pdf: FPDF, text: str) -> None:
    fonts = fallback_fonts(text)
    pdf.add_font(REGULAR, fname=MAIN_FONT)
    pdf.add_font(LIGHT, fname=font_roboto.RobotoLight)
    pdf.add_font(BOLD, fname=font_roboto.RobotoBold)
    for font in fonts:
        pdf.add_font(font.stem, fname=font)
    pdf.set_fallback_fonts([font.stem for font in fonts], exact_match=False)
    pdf.set_text_shaping(True)  # ligatures, Indic vowel signs, right-to-left text


def _draw_frame(pdf: FPDF) -> None:
    """Draw a broad line around the page and a fine one inside it, whose corners curve inwards."""
    pdf.set_draw_color(*NAVY)
    pdf.set_line_width(1.4)
    pdf.rect(FRAME - 4, FRAME - 4, WIDTH - 2 * FRAME + 8, HEIGHT - 2 * FRAME + 8)
    pdf.set_draw_color(*GOLD)
    pdf.set_line_width(0.5)
    left, top, right, bottom = FRAME, FRAME, WIDTH - FRAME, HEIGHT - FRAME
    for y in (top, bottom):
        pdf.line(left + CORNER, y, right - CORNER, y)
    for x in (left, right):
        pdf.line(x, top + CORNER, x, bottom - CORNER)
    for x, y, start in ((left, top, 0), (right, top, 90), (right, bottom, 180), (left, bottom, 270)):
        pdf.arc(x - CORNER, y - CORNER, 2 * CORNER, start, start + 90, clockwise=False)
        _draw_diamond(pdf, x + math.copysign(2.6, WIDTH / 2 - x), y + math.copysign(2.6, HEIGHT / 2 - y), 1.3)


def _draw_diamond(pdf: FPDF, x: float, y: float, size: float) -> None:
    pdf.set_fill_color(*GOLD)
    pdf.polygon([(x - size, y), (x, y - size), (x + size, y), (x, y + size)], style="F")


def _write_heading(pdf: FPDF) -> None:
    lines = [("SYLLABUS", BOLD, 12, 1.5, NAVY, 24), ("CERTIFICATE", LIGHT, 40, 7, NAVY, 33)]
    for text, font, points, spacing, color, y in [*lines, ("OF COMPLETION", BOLD, 11, 4, GOLD, 53)]:
        pdf.set_font(font, size=points)
        pdf.set_text_color(*color)
        pdf.set_char_spacing(spacing)
        pdf.set_xy(MARGIN, y)
        pdf.cell(WIDTH - 2 * MARGIN, _line_height(points), text, align="C")
    pdf.set_char_spacing(0)


def _write_middle(pdf: FPDF, certificate: Certificate) -> None:
    """Write who has completed what, the whole in the middle between the heading and the seal."""
    parts = [
        Paragraph("This certifies that", 12, GREY, 5),
        Paragraph(certificate.learner_name, _fitting(pdf, certificate.learner_name, 34), NAVY, 9),
        Paragraph("has completed the course", 12, GREY, 4),
        Paragraph(certificate.course_title, _fitting(pdf, certificate.course_title, 24), NAVY, 0),
    ]
    height = sum(_height(pdf, part.text, part.points) + part.gap for part in parts)
    pdf.set_y(MIDDLE_TOP + (MIDDLE_BOTTOM - MIDDLE_TOP - height) / 2)
    for part in parts:
        pdf.set_font(REGULAR, size=part.points)
        pdf.set_text_color(*part.color)
        height = _line_height(part.points)
        pdf.multi_cell(0, height, part.text, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if part.gap > 5:  # below the name
            _draw_rule(pdf, pdf.get_y() + part.gap / 2 - 1)
        pdf.set_y(pdf.get_y() + part.gap)


def _draw_rule(pdf: FPDF, y: float) -> None:
    middle = WIDTH / 2
    pdf.set_draw_color(*GOLD)
    pdf.set_line_width(0.3)
    pdf.line(middle - 60, y, middle - 4, y)
    pdf.line(middle + 4, y, middle + 60, y)
    _draw_diamond(pdf, middle, y, 1.4)


def _draw_seal(pdf: FPDF) -> None:
    x, y = WIDTH / 2, 175.0
    corners = []
    for n in range(2 * SEAL_POINTS):
        radius = SEAL_RADIUS if n % 2 else SEAL_RADIUS - 1.4
        angle = math.pi * n / SEAL_POINTS
        corners.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    pdf.set_fill_color(*GOLD)
    pdf.polygon(corners, style="F")
    pdf.set_draw_color(*WHITE)
    for radius, width in ((10.2, 0.5), (9.2, 0.2)):
        pdf.set_line_width(width)
        pdf.circle(x, y, radius)
    pdf.set_font(BOLD, size=30)
    pdf.set_text_color(*WHITE)
    pdf.set_xy(x - 10, y - 7.5)
    pdf.cell(20, 15, "S", align="C")


def _write_foot(pdf: FPDF, certificate: Certificate, address: str) -> None:
    completed = certificate.enrollment.completed_at or certificate.issued_at
    lines = [
        ("Completed on", 9, GREY, 5.0),
        (f"{completed.astimezone(UTC):%Y-%m-%d}", 14, NAVY, 9.0),
        (f"Certificate {certificate.uuid}", 7, GREY, 3.6),
        (address, 7, GREY, 3.4),
    ]
    pdf.set_y(QR_TOP + 2)
    for text, points, color, height in lines:
        pdf.set_font(REGULAR, size=points)
        pdf.set_text_color(*color)
        link = address if text == address else ""
        pdf.multi_cell(FOOT_WIDTH, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT, link=link)


def _draw_qr_code(pdf: FPDF, address: str) -> None:
    matrix = segno.make(address, error="m", micro=False).matrix
    size = QR_SIZE / len(matrix)
    pdf.set_fill_color(*NAVY)
    for row, modules in enumerate(matrix):
        for column, is_dark in enumerate(modules):
            if is_dark:
                pdf.rect(QR_LEFT + column * size, QR_TOP + row * size, size, size, style="F")
    pdf.set_font(REGULAR, size=7)
    pdf.set_text_color(*GREY)
    pdf.set_xy(QR_LEFT - 5, QR_TOP + QR_SIZE + 0.5)
    pdf.cell(QR_SIZE + 10, 4, "Scan to verify", align="C", link=address)


def _fitting(pdf: FPDF, text: str, points: int) -> int:
    """Return the largest size, up to ``points``, in which the text is no higher than its part."""
    while points > MIN_POINTS and _height(pdf, text, points) > MAX_PART_HEIGHT:
        points -= 1
    return points


def _height(pdf: FPDF, text: str, points: int) -> float:
    pdf.set_font(REGULAR, size=points)
    height = _line_height(points)
    lines = pdf.multi_cell(WIDTH - 2 * MARGIN, height, text, dry_run=True, output=MethodReturnValue.LINES)
    return len(cast("list[str]", lines)) * height


def _line_height(points: int) -> float:
    return points * 0.45  # mm: a little more than the height of the letters
