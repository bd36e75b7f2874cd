"""Loading a value: from one snapshot of the database, and independently of the caller."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone, translation

from caching.read.load_check import Source, watching
from caching.read.result import encode
from caching.write.pending import pending


def load(source: Source, loader: Callable[[], Any]) -> bytes:
    """Return the JSON text of what ``loader`` returns.

    All its statements see one state of the database. The language, time zone and script prefix are those
    of the settings, not those of the caller.

    Raises:
        UndeclaredTable: with DEBUG and in tests, a table was read that the declaration does not name.
        Exception: any that ``loader`` raises.
    """
    with pending(source.using).snapshot(), watching(source), _without_caller():
        return encode(loader())


@contextlib.contextmanager
def _without_caller() -> Iterator[None]:
    prefix = get_script_prefix()
    set_script_prefix(settings.FORCE_SCRIPT_NAME or "/")
    try:
        with translation.override(settings.LANGUAGE_CODE), timezone.override(None):
            yield
    finally:
        set_script_prefix(prefix)
