"""When two names are the same name: one form for what is stored, one for what is compared."""

from __future__ import annotations

import unicodedata

# Characters that show nothing by themselves: spaces, controls, formats (zero width), unassigned.
INVISIBLE_CATEGORIES = {"Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Co", "Cs"}
# Letters and symbols by category that are nevertheless drawn as nothing.
INVISIBLE_CHARACTERS = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0", "\u034f"}


def normalize_name(text: str) -> str:
    """Return the form to store and to validate: NFKC, without spaces at the ends."""
    return unicodedata.normalize("NFKC", text).strip()


def fold_name(text: str) -> str:
    """Return the form to compare: equal for names that differ in case or in Unicode form only."""
    return unicodedata.normalize("NFKC", normalize_name(text).casefold())


def is_visible(text: str) -> bool:
    """Return whether the text has at least one character that can be seen."""
    return any(
        unicodedata.category(character) not in INVISIBLE_CATEGORIES and character not in INVISIBLE_CHARACTERS
        for character in text
    )
