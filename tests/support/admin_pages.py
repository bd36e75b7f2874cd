"""What pages of the admin show, and what a browser posts from them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from django.utils.html import strip_tags


def cells(page, column):
    """Return the texts of a column of a list, from top to bottom."""
    found = re.findall(rf'<t[dh][^>]* class="field-{column}[^"]*">(.*?)</t[dh]>', page.content.decode())
    return [strip_tags(cell) for cell in found]


def posted_by(page):
    """Return what the browser posts if its user presses Save and has changed nothing: lists of values."""
    parser = _FormParser()
    parser.feed(page.content.decode())
    return parser.values


class _FormParser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.values = {}
        self._in_form, self._select, self._area = False, None, None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        name = given.get("name")
        if tag == "form":
            self._in_form = given.get("id", "").endswith("_form")
        elif not self._in_form:
            return
        elif tag == "input" and name and given.get("type") not in {"submit", "button"}:
            is_box = given.get("type") in {"checkbox", "radio"}
            if not is_box or "checked" in given:
                self._add(name, given.get("value", "on" if is_box else ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given:
            self._add(self._select, given["value"])
        elif tag == "textarea":
            self._area = name
            self._add(name, "")

    def handle_data(self, data):
        if self._area:  # a browser leaves out the first line break
            self.values[self._area][-1] += data.removeprefix("\n").replace("\n", "\r\n")

    def handle_endtag(self, tag):
        if tag == "form":
            self._in_form = False
        elif tag == "textarea":
            self._area = None

    def _add(self, name, value):
        self.values.setdefault(name, []).append(value)
