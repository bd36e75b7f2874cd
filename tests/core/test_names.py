"""Names: how they are normalized, which are the same, and that PostgreSQL and Python agree."""

from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from core.names import name_key, normalize_name, validate_visible

CODES = [code for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
WORDS = [
    *("Kotlin", "KOTLIN", "  two   words ", "tab\tand\nline", "Straße", "STRASSE", "STRAẞE", "İstanbul", "ı"),
    *(
        "Ελληνικά ς Σ σ",
        "ΑΙ ᾳ ᾼ",
        "Київ ЇЖАК",
        "Кoтлин",
        "ﬃ ½ ™ Ⅷ ①",
        "e\u0301 é",
        "ǰ ŉ ẖ",
        "\ufdfa",
        "한국어 한",
    ),
    *(
        "zero\u200bwidth",
        "\u200b\u2060",
        "👨\u200d👩",
        "हिन्दी",
        "ภาษาไทย",
        "ქართული ᲥᲐᲠᲗᲣᲚᲘ",
        "ՀԱՅ և",
        "a\u0345\u0301",
    ),
]


def keys_of_the_database(texts):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(name_key(t) ORDER BY n) FROM unnest(%s) WITH ORDINALITY x(t, n)", [texts]
        )
        return cursor.fetchone()[0]


def newer_than_python(code):
    """Return whether this Python's Unicode has no such character, so that only the server may know it."""
    return unicodedata.category(chr(code)) == "Cn"


@pytest.mark.django_db
def test_name_key_of_every_character_is_the_same_in_python_and_postgresql():
    texts = [f"x{chr(code)}" for code in CODES if not newer_than_python(code)]
    assert len(texts) > 280_000
    different = [
        (text, ours, theirs)
        for text, ours, theirs in zip(texts, map(name_key, texts), keys_of_the_database(texts), strict=True)
        if ours != theirs
    ]
    assert different == []


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_name_key_of_words_is_the_same_in_python_and_postgresql(form):
    texts = [unicodedata.normalize(form, word) for word in WORDS]
    assert keys_of_the_database(texts) == [name_key(text) for text in texts]
    assert [name_key(text) for text in texts] == [name_key(word) for word in WORDS]


@pytest.mark.parametrize(
    "names",
    [
        ("Kotlin", "kotlin", "KOTLIN", "Kot\u200blin", "\ufeffKotlin ", "Ｋｏｔｌｉｎ", "𝐊otlin"),
        ("é", "e\u0301", "É"),
        ("Straße", "STRASSE", "STRAẞE"),
        ("two words", "Two  Words", "two\u00a0words", "two\n words"),
        ("ΣΑΣ", "σας", "σασ"),
        ("½", "1⁄2"),
    ],
)
def test_name_key_is_equal_for_names_that_are_the_same(names):
    assert len({name_key(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("Go", "Go!"), ("C", "C#"), ("и", "й"), ("e", "é"), ("a b", "ab")]
)
def test_name_key_differs_for_names_that_differ(one, other):
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "\u2060\u200d", "\x07", "\u3164", "\u2800", "\ufe0f", "\U000e0041"]
)
def test_validate_visible_refuses_a_name_that_shows_nothing(name):
    with pytest.raises(ValidationError):
        validate_visible(name)


@pytest.mark.parametrize(
    ("given", "stored"),
    [(" a½x ", "a1⁄2x"), ("e\u0301", "é"), ("a\r\nb", "a b"), ("\u00a0Go\u3000", "Go"), ("a  b", "a  b")],
)
def test_normalize_name_is_nfkc_on_one_line_without_spaces_around(given, stored):
    assert normalize_name(given) == stored
    assert normalize_name(stored) == stored


def test_a_text_longer_than_any_name_takes_no_time():
    """A million combining characters would take minutes to normalize."""
    text = "a" + "\u0323\u0301" * 500_000
    began = time.perf_counter()
    assert normalize_name(text) == text
    validate_visible(text)
    assert time.perf_counter() - began < 1
