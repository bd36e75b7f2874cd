"""Forms of the admin that do not overwrite what was changed since their page was opened.

The page holds a digest of each value that its forms offer to change (``SHOWN``). When it is saved, the rows
are locked and their values compared with the digests. Of those that have changed, a value that the user left
as it was stays as it is by now; one that the user changed, too, is refused. It does not matter what changed
the row: another page, the API, a task or SQL. Columns that the form does not offer are not compared.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.db import transaction
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

SHOWN = "_shown"  # the name of the hidden input
CHANGED = _("It has changed since this page was opened: it is %s now. Open the page again to change it.")
MAX_CHARACTERS = 100  # of a value in an error


class GuardedForm(forms.ModelForm):  # type: ignore[type-arg]  # no such thing at run time
    """The form of a row that is locked while it is saved."""

    def digests(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each input, and the digest of the value that an existing row has."""
        if self.instance._state.adding:
            return
        for name, field in self.fields.items():
            if name in self.initial and not field.disabled:
                yield self.add_prefix(name), _digest(field, self.get_initial_for_field(field, name))

    def clean(self) -> dict[str, Any]:
        """Return the values, merged with what has changed since the page was opened."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        shown, current = dict(parse_qsl(self.data.get(SHOWN, ""))), dict(self.digests())
        for name in list(cleaned):
            key = self.add_prefix(name)
            if key in shown and key in current and shown[key] != current[key]:
                self._merge(name, shown[key], current[key])
        return cleaned

    def _merge(self, name: str, shown: str, current: str) -> None:
        model_field = self.instance._meta.get_field(name)
        value = getattr(self.instance, name)
        value = value.all() if model_field.many_to_many else value
        chosen = _digest(self.fields[name], self.cleaned_data[name])
        if chosen == shown:
            self.cleaned_data[name] = value
            self.changed_data = [each for each in self.changed_data if each != name]
        elif chosen != current:
            self.add_error(name, CHANGED % _text_of(model_field, value))


def _digest(field: forms.Field, value: Any) -> str:
    """Return the same for values that are the same in a form, whose browser makes line breaks its own."""
    prepared = field.prepare_value(value)
    if isinstance(prepared, list):
        prepared = sorted(map(str, prepared))
    text = "" if prepared is None else str(prepared).replace("\r\n", "\n").strip()
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _text_of(model_field: Any, value: Any) -> str:
    """Return a value as its reader knows it, at most a line of it."""
    if model_field.many_to_many:
        text = ", ".join(map(str, value))
    elif isinstance(value, bool):
        text = gettext("Yes") if value else gettext("No")
    elif value is None:
        text = ""
    else:
        text = str(dict(model_field.flatchoices).get(value, value))
    return Truncator(text or "–").chars(MAX_CHARACTERS)


class GuardedPage:
    """A mixin for model admins: the row of a form is locked while it is saved, and compared."""

    form: Any = GuardedForm

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row of a form, locked if it is about to be written."""
        page: Any = self
        row = super().get_object(request, object_id, from_field)  # type: ignore[misc]  # ModelAdmin's
        if row is None or request.method != "POST" or not transaction.get_connection().in_atomic_block:
            return row
        list(page.model._base_manager.select_for_update(no_key=True).filter(pk=row.pk).values_list("pk"))
        return super().get_object(request, object_id, from_field)  # type: ignore[misc]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        shown = [context["adminform"].form]
        for inline in context["inline_admin_formsets"]:
            if inline.has_change_permission:
                shown += inline.formset.initial_forms
        digests = [pair for form in shown if isinstance(form, GuardedForm) for pair in form.digests()]
        # A form that is shown again was opened when it was opened first.
        context["shown_values"] = request.POST.get(SHOWN) or urlencode(digests)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc,no-any-return]


class GuardedInline:
    """A mixin for inlines: their rows are locked while they are saved."""

    form: Any = GuardedForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]  # the inline's
        return rows.select_for_update(of=("self",), no_key=True) if request.method == "POST" else rows
