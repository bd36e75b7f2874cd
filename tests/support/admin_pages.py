"""What pages of the admin show."""

from __future__ import annotations

import re

from django.utils.html import strip_tags


def cells(page, column):
    """Return the texts of a column of a list, from top to bottom."""
    found = re.findall(rf'<t[dh][^>]* class="field-{column}[^"]*">(.*?)</t[dh]>', page.content.decode())
    return [strip_tags(cell) for cell in found]
