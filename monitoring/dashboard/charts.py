"""Pictures of numbers as inline SVG: no script, no other host. Every number is also written as text.

They are hidden from screen readers, for which a table beneath has the same numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.html import format_html, format_html_join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.safestring import SafeString

WIDTH = 320
BAR_HEIGHT, BAR_THICKNESS = 34, 10
COLUMNS_HEIGHT, TOP, BOTTOM = 130, 16, 18
MAX_LABEL = 34
SVG = '<svg viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>'


class Bar(NamedTuple):
    label: str
    size: float
    text: str


def bars(rows: Sequence[Bar], full: float | None = None) -> SafeString:
    """Return horizontal bars, each under its label; ``full`` is what the whole width means."""
    most = full or max((row.size for row in rows), default=0) or 1
    drawn = format_html_join(
        "",
        '<text x="0" y="{}">{}</text><text class="value" x="{}" y="{}" text-anchor="end">{}</text>'
        '<rect class="track" x="0" y="{}" width="{}" height="{}" rx="5"/>'
        '<rect class="bar" x="0" y="{}" width="{}" height="{}" rx="5"/>',
        (_bar(number * BAR_HEIGHT, row, most) for number, row in enumerate(rows)),
    )
    return format_html(SVG, WIDTH, max(len(rows), 1) * BAR_HEIGHT, drawn)


def _bar(top: int, row: Bar, most: float) -> tuple[object, ...]:
    label = row.label if len(row.label) <= MAX_LABEL else row.label[: MAX_LABEL - 1] + "…"
    width = f"{max(WIDTH * row.size / most, 1):.1f}"
    text, bar = top + 12, top + 18
    return text, label, WIDTH, text, row.text, bar, WIDTH, BAR_THICKNESS, bar, width, BAR_THICKNESS


def columns(ends: tuple[str, str], *series: Sequence[int]) -> SafeString:
    """Return a group of columns for each number of the series; those of the second series are hollow.

    ``ends`` are the labels of the first and the last group.
    """
    most = max((max(numbers, default=0) for numbers in series), default=0) or 1
    space = COLUMNS_HEIGHT - TOP - BOTTOM
    step = WIDTH / max(len(series[0]), 1)
    width = step * 0.8 / len(series)
    drawn = [
        format_html(
            '<rect class="bar{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>',
            " hollow" if which else "",
            f"{number * step + step * 0.1 + which * width:.1f}",
            f"{COLUMNS_HEIGHT - BOTTOM - space * value / most:.1f}",
            f"{width - 1:.1f}",
            f"{space * value / most:.1f}",
        )
        for which, numbers in enumerate(series)
        for number, value in enumerate(numbers)
    ]
    drawn.append(
        format_html('<rect class="axis" x="0" y="{}" width="{}" height="1"/>', COLUMNS_HEIGHT - BOTTOM, WIDTH)
    )
    drawn.append(format_html('<text x="0" y="11">{}</text>', most))
    drawn.append(format_html('<text x="0" y="{}">{}</text>', COLUMNS_HEIGHT - 4, ends[0]))
    end = '<text x="{}" y="{}" text-anchor="end">{}</text>'
    drawn.append(format_html(end, WIDTH, COLUMNS_HEIGHT - 4, ends[1]))
    return format_html(SVG, WIDTH, COLUMNS_HEIGHT, format_html_join("", "{}", ((each,) for each in drawn)))
