"""Certificates in every script: what is printed is what was given, or nothing is printed."""

from __future__ import annotations

import io
import re

import pypdf
import pytest

from courses import certificates, fonts
from courses.fonts import MissingFontError, fallback_fonts
from tests.courses.test_certificates import certificate_of

SCRIPTS = {
    "Greek": ("Εισαγωγή στην Python", None),
    "Arabic": ("مقدمة في البرمجة", "NotoSansArabic-Regular"),
    "Hebrew": ("מבוא לתכנות", "NotoSansHebrew-Regular"),
    "Devanagari": ("प्रोग्रामिंग परिचय क्षत्रिय", "NotoSansDevanagari-Regular"),
    "Thai": ("การเขียนโปรแกรมเบื้องต้น", "NotoSansThai-Regular"),
    "Georgian": ("პროგრამირების შესავალი", "NotoSansGeorgian-Regular"),
    "Armenian": ("Ծրագրավորման ներածություն", "NotoSansArmenian-Regular"),
    "Chinese": ("编程入门：异步任务", "NotoSansCJK-Regular"),
    "Japanese": ("プログラミング入門", "NotoSansCJK-Regular"),
    "Korean": ("프로그래밍 입문", "NotoSansCJK-Regular"),
    "emoji": ("Django 🎓🚀", "NotoColorEmoji"),
    "Bengali": ("প্রোগ্রামিং পরিচিতি", "NotoSansBengali-Regular"),
    "Ethiopic": ("መግቢያ", "NotoSansEthiopic-Regular"),
}
needs_noto = pytest.mark.skipif(
    not list(fonts._installed(("/usr/share/fonts",))),
    reason=f"no Noto here: apt-get install {fonts.PACKAGES}",
)


def read(pdf):
    return pypdf.PdfReader(io.BytesIO(pdf))


@needs_noto
@pytest.mark.parametrize("script", SCRIPTS)
def test_fallback_fonts_of_a_script_are_found(script):
    text, expected = SCRIPTS[script]
    assert [font.stem for font in fallback_fonts(text)] == ([expected] if expected else [])


def test_fallback_fonts_of_latin_and_cyrillic_are_none():
    assert fallback_fonts("Ångström — Щукин ґєї €20\n\t") == []


@needs_noto
@pytest.mark.django_db
def test_several_scripts_fit_one_certificate():
    certificate = certificate_of("日本語 🎓 العربية", first_name="Ж" * 150, last_name="Щ" * 150)
    assert len(read(certificates.render(certificate)).pages) == 1


@needs_noto
@pytest.mark.django_db
@pytest.mark.parametrize("length", [1, 255])
@pytest.mark.parametrize("script", SCRIPTS)
def test_certificate_in_any_script_fits_one_page(script, length):
    text = SCRIPTS[script][0]
    title = (f"{text} " * length)[:length].strip() or text[0]
    certificate = certificate_of(title, first_name=text[:150], last_name=title[:150])
    assert len(read(certificates.render(certificate)).pages) == 1


@needs_noto
@pytest.mark.django_db
@pytest.mark.parametrize("script", ["Greek", "Georgian", "Armenian", "Chinese", "Japanese", "Korean"])
def test_certificate_text_can_be_copied(script):
    text = SCRIPTS[script][0]
    found = read(certificates.render(certificate_of(text))).pages[0].extract_text()
    # pypdf reads the two bytes of some characters as two.
    assert re.sub(r"\s", "", text) in re.sub(r"[\s\x00]", "", found)


@pytest.mark.django_db
def test_certificate_without_a_font_is_refused_with_what_to_install(settings):
    settings.FONT_FOLDERS = ["/nowhere"]
    with pytest.raises(MissingFontError, match=r"中 \(U\+4E2D\).*apt-get install fonts-noto-core"):
        certificates.render(certificate_of("Course", first_name="中文"))


@pytest.mark.django_db
def test_markup_in_a_title_is_text():
    title = "**bold** __under__ <b>&amp;</b> [a](b)"
    text = read(certificates.render(certificate_of(title))).pages[0].extract_text()
    assert title in text


@pytest.mark.django_db
def test_owner_of_a_certificate_that_cannot_be_made_learns_why(settings, client):
    settings.FONT_FOLDERS = ["/nowhere"]
    certificate = certificate_of("Course", first_name="中文")
    client.force_login(certificate.enrollment.user)
    answer = client.get(f"/api/v1/certificates/{certificate.uuid}.pdf")
    assert answer.status_code == 409
    assert "apt-get install fonts-noto-core" in answer.json()["detail"]
