"""What the admin's pages share. Each of them is a ``ModelAdmin`` of this module."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext

from core.admin_columns import LinkedColumns, list_address
from core.admin_conflicts import GuardedInline, GuardedPage
from core.admin_export import ExportMixin
from core.history import message_of
from core.personal_data import SECRET
from core.references import describe_references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString


class CountReferencesMixin:
    """A mixin for rows that others protect from deletion, perhaps a million: it counts them.

    Django's admin loads each of them to name it.
    """

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what a deletion takes and what forbids it."""
        uses = {row: describe_references(row) for row in objs}
        protected = [f"{row}: {text}" for row, text in uses.items() if text]
        if not protected:
            return super().get_deleted_objects(objs, request)  # type: ignore[misc]  # ModelAdmin's
        return [str(row) for row in uses], {}, set(), protected


class IdsOnly:
    """A mixin for widgets that look up rows by id: text that is no id selects none.

    The field refuses it. Django's widget then fails while it shows the form again.
    """

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        ids = [one for one in value if str(one).isascii() and str(one).isdigit()]
        return super().optgroups(name, ids, attr)  # type: ignore[misc]  # the widget's


class OneRow(IdsOnly, AutocompleteSelect):
    pass


class ManyRows(IdsOnly, AutocompleteSelectMultiple):
    pass


class AutocompleteMixin:
    """A mixin for admins and inlines with ``autocomplete_fields``: any input is answered with the form."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        own: Any = self
        if db_field.name in own.get_autocomplete_fields(request):
            kwargs.setdefault("widget", OneRow(db_field, own.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        own: Any = self
        if db_field.name in own.get_autocomplete_fields(request):
            kwargs.setdefault("widget", ManyRows(db_field, own.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


class NoUselessButtons:
    """A mixin for model admins: a form without anything to change has no button that saves it."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        inlines = context["inline_admin_formsets"]
        if not (context["adminform"].form.fields or any(map(_is_editable, inlines))):
            buttons = ["show_save", "show_save_and_continue", "show_save_and_add_another"]
            context |= dict.fromkeys(buttons, False)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]


def _is_editable(inline: Any) -> bool:
    return bool(inline.has_add_permission or inline.has_change_permission or inline.has_delete_permission)


class RelatedLists:
    """A mixin for model admins: a row's page links to the lists of the rows that refer to it."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if row := context["original"]:
            context["related_lists"] = list(self._related_lists(request, row))
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def _related_lists(self, request: HttpRequest, row: Model) -> Iterator[tuple[str, str]]:
        """Yield the name and the address of each list that the viewer may see."""
        page: Any = self
        relations = row._meta.related_objects
        several = Counter(relation.related_model for relation in relations)
        for relation in relations:
            model, field = relation.related_model, relation.field
            if address := list_address(page.admin_site, model, request):
                lookup = f"{field.name}__{field.target_field.name}__exact"
                query = urlencode({lookup: getattr(row, field.target_field.attname)})
                by = f": {field.verbose_name}" if several[model] > 1 else ""
                yield f"{model._meta.verbose_name_plural}{by}", f"{address}?{query}"


class TranslatedHistory:
    """A mixin for model admins: the history of a row is in the reader's language, actions included."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        page: Any = super().history_view(request, object_id, extra_context)  # type: ignore[misc]
        for entry in getattr(page, "context_data", {}).get("action_list", ()):
            entry.change_message = message_of(entry)
        return page


class ModelAdmin(
    ExportMixin,
    GuardedPage,
    NoUselessButtons,
    RelatedLists,
    TranslatedHistory,
    LinkedColumns,
    AutocompleteMixin,
    admin.ModelAdmin,
):
    """Django's, with links and states (core/admin_columns.py), export, autocompletion, and forms that
    overwrite nothing (core/admin_conflicts.py).
    """

    show_full_result_count = False
    list_per_page = 50

    def action_checkbox(self, obj: Model) -> SafeString:
        """Return Django's, which renders a template for each row of a list."""
        label = gettext("Select this object for an action - {}").format(obj)
        html = '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">'
        return format_html(html, ACTION_CHECKBOX_NAME, obj.pk, label)


class StackedInline(GuardedInline, admin.StackedInline):
    pass


class TabularInline(GuardedInline, LinkedColumns, AutocompleteMixin, admin.TabularInline):
    """Django's, whose read-only cells link only to what the viewer may see."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if "fields" not in kwargs:
            shown = flatten_fieldsets(self.get_fieldsets(request, obj))
            kwargs["fields"] = [name for name in shown if isinstance(name, str)]  # the others are no fields
        return super().get_formset(request, obj, **kwargs)

    def may_enter(self, request: HttpRequest, obj: Any) -> bool:
        return super().may_enter(request, obj) or bool(self.has_add_permission(request, obj))


class RecordAdmin(ModelAdmin):
    """Rows that the project writes itself: staff may only view and delete them."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False


class IssuedAdmin(RecordAdmin):
    """Records that belong to a user."""

    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Return whether an address may filter by a look-up: one of a secret's beginning would tell it."""
        return not SECRET.search(lookup) and super().lookup_allowed(lookup, value, request)


class FewCountsPaginator(Paginator):
    """Counts at most ``MAX_COUNTED`` rows; of more it shows the planner's estimate.

    So a page of a million rows does not read a million rows. A page far from the first finds its rows' ids
    in an index, and reads these rows alone.
    """

    MAX_COUNTED = 10_000

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or the estimate."""
        given: Any = self.object_list  # the admin's query set
        rows = given.order_by()
        counted = rows.values("pk")[: self.MAX_COUNTED + 1].count()
        return counted if counted <= self.MAX_COUNTED else max(counted, estimated_rows(rows))

    def page(self, number: int | str) -> Page[Any]:
        """Return a page, whose rows are read by their ids."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        rows: Any = self.object_list
        return Page(rows.filter(pk__in=self.ids(first)), number, self)

    def ids(self, first: int) -> list[Any]:
        """Return the ids of the page's rows, from the first on, counted from 0."""
        return self.read_ids(self.object_list, first)

    def read_ids(self, rows: Any, first: int) -> list[Any]:
        return list(rows.values_list("pk", flat=True)[first : first + self.per_page])


class FewCountsMixin:
    """A mixin for admins of tables that may have a million rows (``FewCountsPaginator``)."""

    MAX_FOUND: ClassVar[int] = 1_000
    paginator: ClassVar[Any] = FewCountsPaginator
    show_facets = admin.ShowFacets.NEVER

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return what Django finds. Unless it is much, the search is made once, and then rows are read by id.

        The count, the page and the dates above it would each search the table.
        """
        page: Any = super()
        found, may_have_duplicates = page.get_search_results(request, queryset, search_term)
        if not search_term.strip():
            return found, may_have_duplicates
        ids = list(found.order_by().values_list("pk", flat=True)[: self.MAX_FOUND + 1])
        is_much = len(ids) > self.MAX_FOUND
        return found if is_much else queryset.filter(pk__in=ids), may_have_duplicates


def estimated_rows(rows: QuerySet[Any]) -> int:
    """Return how many rows PostgreSQL expects a query to find."""
    plan = json.loads(rows.explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])
