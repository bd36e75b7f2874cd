"""Columns of the admin's lists and fields of its forms that link to other rows, or name a state by colour.

Each is made for one request, because a link is made only to what its viewer may see. Columns are equal if
they show the same, as Django looks for a read-only field among the fields of a form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import label_for_field, quote
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db.models import DateTimeField, ForeignKey, Model
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.admin import AdminSite
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise
    from django.utils.safestring import SafeString

# What a state is, beside its name, which is always shown: GOOD needs nothing, WAITING changes by itself,
# BAD needs a person, QUIET is over.
GOOD, WAITING, BAD, QUIET = "good", "waiting", "bad", "quiet"


def badge(text: object, kind: str) -> SafeString:
    """Return a state by name and colour."""
    return format_html('<span class="badge {}">{}</span>', kind, capfirst(str(text)))


def list_address(site: AdminSite, model: type[Model], request: HttpRequest) -> str | None:
    """Return the address of a model's list; None if the viewer of the page may not see it."""
    known: dict[type[Model], str | None] = request.__dict__.setdefault("_list_addresses", {})
    if model not in known:  # a list asks for each of its cells
        page, opts = site._registry.get(model), model._meta
        name = f"admin:{opts.app_label}_{opts.model_name}_changelist"
        may_view = page is not None and page.has_view_permission(request)
        known[model] = reverse(name, current_app=site.name) if may_view else None
    return known[model]


def row_link(row: Model, address: str | None) -> Any:
    """Return a row's name as a link, where ``address`` is that of its list."""
    if address is None:
        return str(row)
    return format_html('<a href="{}{}/change/">{}</a>', address, quote(row.pk), row)


def show_moment(moment: datetime) -> SafeString:
    """Return a time, short enough for one line of a list."""
    text = f"{localtime(moment):%Y-%m-%d %H:%M}"
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), text)


def progress_bar(key: str, done: int, total: int, *, running: bool) -> SafeString:
    """Return how far something has come; while it runs, web/running.js keeps it up to date on the page."""
    shown = (number_format(number, 0, force_grouping=True) for number in (done, total))
    text = gettext("%(done)s of %(total)s") % dict(zip(("done", "total"), shown, strict=True))
    html = '<progress value="{}" max="{}" aria-label="{}"></progress> {}'
    bar = format_html(html, done, total or 1, text, text)
    return live_part(key, bar, running=running)


def live_part(key: str, content: object, *, running: bool) -> SafeString:
    """Return a part of a page that is replaced under its key while something runs."""
    html = '<span data-live="{}" data-running>{}</span>' if running else '<span data-live="{}">{}</span>'
    return format_html(html, key, content)


@dataclass(frozen=True)
class Column:
    """What Django wants to know of a callable column."""

    page: Any
    name: str

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def short_description(self) -> str:
        return gettext(str(label_for_field(self.name, self.page.model, model_admin=self.page)))

    @property
    def admin_order_field(self) -> Any:
        if field := field_of(self.page.model, self.name):
            is_by_key = isinstance(field, ForeignKey) and field.related_model._meta.ordering == ["id"]
            return field.attname if is_by_key else field.name  # without a join, so that an index serves
        return getattr(self._method, "admin_order_field", None)

    @property
    def _method(self) -> Any:
        return getattr(self.page, self.name, None) or getattr(self.page.model, self.name)

    def value(self, row: Any) -> Any:
        method = getattr(self.page, self.name, None)
        return method(row) if method else getattr(row, self.name)


@dataclass(frozen=True)
class RowLink(Column):
    """A foreign key, or a method that returns a row, or text in its place."""

    request: HttpRequest

    def __call__(self, row: Any) -> Any:
        try:
            related = self.value(row)
        except ObjectDoesNotExist:
            related = None
        if not isinstance(related, Model):
            return related or self.page.get_empty_value_display()
        address = list_address(self.page.admin_site, type(related), self.request)
        return row_link(related, address)


@dataclass(frozen=True)
class CountLink(Column):
    """A number of rows, or a text in its place, with a link to them."""

    address: str | None
    lookup: str

    def __call__(self, row: Any) -> Any:
        number = self.value(row)
        if self.address is None or not number:
            return number if isinstance(number, int) else None
        return format_html('<a href="{}?{}={}">{}</a>', self.address, self.lookup, quote(row.pk), number)


@dataclass(frozen=True)
class StateBadge(Column):
    """A state, by name and colour."""

    def __call__(self, row: Any) -> Any:
        value = self.value(row)
        kind, text = self.page.states[self.name].get(value, (QUIET, value))
        return badge(text, kind)


@dataclass(frozen=True)
class Moment(Column):
    """A time."""

    def __call__(self, row: Any) -> Any:
        moment = self.value(row)
        if moment is None:
            return self.page.get_empty_value_display()
        return show_moment(moment)


States = dict[Any, "tuple[str, str | _StrPromise]"]


def field_of(model: type[Model], name: object) -> Any:
    """Return the column of the table of this name; None for the name of a method or of related rows."""
    if not isinstance(name, str):
        return None
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    # "topic_id" is also a name of the field "topic".
    return field if field.concrete and field.name == name else None


class LinkedColumns:
    """A mixin for model admins: foreign keys and counts are links, states are coloured.

    Attributes:
        linked: methods that return a row, to which the column links.
        counts: maps a column that counts rows to their model and the look-up that selects them.
        states: maps a column to its values, each with its kind and name.
    """

    linked: Sequence[str] = ()
    counts: dict[str, tuple[type[Model], str]] = {}
    states: dict[str, States] = {}

    def column(self, request: HttpRequest, name: Any) -> Any:
        """Return what shows a field or a method of this name; the name where that is Django's own way."""
        page: Any = self
        if name in self.states:
            return StateBadge(page, name)
        if name in self.counts:
            model, lookup = self.counts[name]
            return CountLink(page, name, list_address(page.admin_site, model, request), lookup)
        field = field_of(page.model, name)
        if isinstance(field, ForeignKey) or name in self.linked:
            return RowLink(page, name, request)
        return Moment(page, name) if isinstance(field, DateTimeField) else name

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        page: Any = self
        first, *others = super().get_list_display(request)  # type: ignore[misc]  # ModelAdmin's
        links_itself = page.list_display_links == () and isinstance(field_of(page.model, first), ForeignKey)
        shown = first if links_itself else self.column(request, first)
        return [shown, *(self.column(request, name) for name in others)]

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        names = super().get_sortable_by(request)  # type: ignore[misc]  # ModelAdmin's
        return [self.column(request, name) for name in names]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        names = super().get_readonly_fields(request, obj)  # type: ignore[misc]
        return [self.column(request, name) for name in names]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return the fieldsets, in which what the viewer cannot change is shown as in the list."""
        page: Any = self
        may_change = self.may_enter(request, obj) if obj else True
        readonly = page.get_readonly_fields(request, obj)

        def shown(name: Any) -> Any:
            if isinstance(name, (list, tuple)):
                return list(dict.fromkeys(map(shown, name)))  # Django adds read-only fields that it has
            column = self.column(request, name)
            return column if not may_change or column in readonly else name

        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        return [(title, {**given, "fields": shown(given["fields"])}) for title, given in fieldsets]

    def may_enter(self, request: HttpRequest, obj: Any) -> bool:
        """Return whether the form has fields to enter something."""
        page: Any = self
        return bool(page.has_change_permission(request, obj))
