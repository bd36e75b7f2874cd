"""Names of models and their fields in the reader's language.

The admin takes them from the models. They are translated here, all at once, because in the models the same
would need ``_()`` around 150 texts and a migration for each that a model does not name itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.apps import AppConfig


def translate_names() -> None:
    """Have every name, choice and help text of the project's models follow the reader's language."""
    for app in _own_apps():
        app.verbose_name = _translated(app.verbose_name)
        for model in app.get_models():
            opts: Any = model._meta
            given = opts.original_attrs.get("verbose_name_plural")
            if not isinstance(given, Promise):  # Django's own, a lazy text with an "s", is English
                opts.verbose_name_plural = gettext_lazy(str(opts.verbose_name_plural))
            opts.verbose_name = _translated(opts.verbose_name)
            for field in opts.local_fields + opts.local_many_to_many:
                _translate_field(field)


def _own_apps() -> Iterator[AppConfig]:
    """Yield the apps of the project: those of Django and of libraries bring their own translations."""
    for app in apps.get_app_configs():
        if "site-packages" not in app.path:
            yield app


def _translate_field(field: Any) -> None:
    field.verbose_name = _translated(field.verbose_name)
    if field.help_text:
        field.help_text = _translated(field.help_text)
    if field.choices:
        field.choices = [(value, _translated(label)) for value, label in field.choices]


def _translated(text: Any) -> Any:
    return text if isinstance(text, Promise) else gettext_lazy(text)
