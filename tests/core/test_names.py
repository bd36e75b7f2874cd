"""When two names are the same name."""

import pytest

from core.names import fold_name, is_visible, normalize_name


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("ｂｏｒｉｓ", "boris"),
        ("  a b ", "a b"),
        ("e\u0301", "é"),
        ("a½x", "a1\u20442x"),
        ("Kotlin", "Kotlin"),
    ],
)
def test_normalize_name_gives_the_form_to_store(text, stored):
    assert normalize_name(text) == stored
    assert normalize_name(stored) == stored


@pytest.mark.parametrize(
    ("one", "other"),
    [("Kotlin", "kOTLIN"), ("Straße", "STRASSE"), ("é", "E\u0301"), ("Ｂoris", "boris"), ("ΣΑΣ", "σας")],
)
def test_fold_name_is_equal_for_case_and_unicode_forms(one, other):
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(("one", "other"), [("е", "e"), ("a b", "ab"), ("é", "e")])
def test_fold_name_differs_for_other_letters(one, other):
    assert fold_name(one) != fold_name(other)


@pytest.mark.parametrize("text", ["", " ", "\u200b\u200d", "\u2060\ufeff", "\u3164", "\x00", "\u034f"])
def test_is_visible_is_false_for_text_that_shows_nothing(text):
    assert not is_visible(text)


@pytest.mark.parametrize("text", ["a", "\u200ba", "学", "👍", "-"])
def test_is_visible_is_true_for_text_that_shows_something(text):
    assert is_visible(text)
