"""Loading a value: from one snapshot of the database, and as if nobody in particular had asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from django.conf import settings
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone, translation

from caching.read.load_check import watching
from caching.read.result import encode
from caching.write.pending import pending


class Source(Protocol):
    """What loading needs to know of a declaration: its key, its database, the tables it depends on."""

    @property
    def key(self) -> str: ...
    @property
    def using(self) -> str: ...
    def declared_tables(self) -> set[str]: ...


def load(source: Source, loader: Callable[[], Any]) -> bytes:
    """Return the JSON text of what ``loader`` returns.

    Several statements see one state of the database. Nothing of the caller reaches the value: the
    language, time zone and script prefix are the deployment's own.

    Raises:
        UndeclaredTable: with DEBUG and in tests, a table was read that the declaration does not name.
        Whatever ``loader`` raises.
    """
    with pending(source.using).snapshot(), watching(source), _nobody_in_particular():
        return encode(loader())


@contextlib.contextmanager
def _nobody_in_particular() -> Iterator[None]:
    prefix = get_script_prefix()
    set_script_prefix(settings.FORCE_SCRIPT_NAME or "/")
    try:
        with translation.override(settings.LANGUAGE_CODE), timezone.override(None):
            yield
    finally:
        set_script_prefix(prefix)
