"""For lists on a narrow screen, where each row is a card: its cells name their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html, strip_tags
from django.utils.safestring import mark_safe
from django.utils.text import capfirst

if TYPE_CHECKING:
    from collections.abc import Iterator

register = template.Library()


@register.filter
def labelled(cells: list[str], headers: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the cells of a row of an admin list, each with the title of its column."""
    for cell, header in zip(cells, headers, strict=False):
        tag, rest = cell[:3], cell[3:]  # "<td" or "<th", as Django makes them
        title = capfirst(strip_tags(str(header["text"])))
        yield mark_safe(tag + format_html(' data-label="{}"', title) + rest)  # noqa: S308  (made above)
