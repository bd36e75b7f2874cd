"""For lists on a narrow screen, where each row is a card: its cells name their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html, strip_tags
from django.utils.safestring import mark_safe
from django.utils.text import capfirst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def labelled(results: list[list[str]], headers: list[dict[str, Any]]) -> Iterator[SafeString]:
    """Yield the rows of an admin list, whose cells each have the title of their column."""
    titles = (capfirst(strip_tags(str(header["text"]))) for header in headers)
    labels = [format_html(' data-label="{}"', title) for title in titles]
    for cells in results:
        # A cell begins with "<td" or "<th", as Django makes it.
        shown = (cell[:3] + label + cell[3:] for cell, label in zip(cells, labels, strict=False))
        yield mark_safe(f"<tr>{''.join(shown)}</tr>")  # noqa: S308  (made of safe texts)
