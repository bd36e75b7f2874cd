"""Fonts for a text in any script: Roboto, and what this machine has of Noto.

Debian's packages ``fonts-noto-core``, ``fonts-noto-cjk`` and ``fonts-noto-color-emoji`` cover every
script; the image has them. A text that no font here can show is refused, never printed with gaps.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

import font_roboto
from django.conf import settings
from fontTools.ttLib import TTFont

MAIN_FONT = Path(font_roboto.Roboto)
PACKAGES = "fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"
# Those of most characters first; NotoSans*: one file for each script.
ORDER = ["NotoSans-Regular.ttf", "NotoColorEmoji.ttf", "NotoSansCJK-Regular.ttc", "NotoSans*-Regular.ttf"]
# A joiner or a variation selector changes the characters beside it, and has no picture of its own.
INVISIBLE = {"Cc", "Cf", "Zl", "Zp", "Zs"}
VARIATION_SELECTORS = range(0xFE00, 0xFE10)


class MissingFontError(Exception):
    """No font on this machine has a character of the text. The message names what to install."""

    def __init__(self, characters: set[str]) -> None:
        shown = ", ".join(f"{char} (U+{ord(char):04X})" for char in sorted(characters)[:5])
        super().__init__(
            f"No font here has the characters {shown}. Install Noto (on Debian: apt-get install {PACKAGES})."
        )


def fallback_fonts(text: str) -> list[Path]:
    """Return the fonts that ``text`` needs beside Roboto, in the order in which to try them.

    Raises:
        MissingFontError: a character is in no font.
    """
    missing = {char for char in text if not _is_invisible(char)} - _characters(MAIN_FONT)
    chosen = []
    for font in _installed(tuple(map(str, settings.FONT_FOLDERS))):
        if not missing:
            break
        if found := missing & _characters(font):
            chosen.append(font)
            missing -= found
    if missing:
        raise MissingFontError(missing)
    return chosen


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in INVISIBLE or ord(char) in VARIATION_SELECTORS


@lru_cache(maxsize=8)
def _installed(folders: tuple[str, ...]) -> list[Path]:
    found: dict[str, Path] = {}
    for pattern in ORDER:
        for folder in folders:
            for font in sorted(Path(folder).rglob(pattern)):
                found.setdefault(font.name, font)
    return list(found.values())


@lru_cache(maxsize=512)
def _characters(font: Path) -> frozenset[str]:
    with TTFont(font, fontNumber=0, lazy=True) as opened:
        return frozenset(map(chr, opened.getBestCmap()))
