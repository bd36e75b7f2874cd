"""What all pages share: they load nothing from other hosts, and no cache stores them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from django.views.decorators.cache import never_cache

from core.security import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    View = Callable[..., HttpResponseBase]


def own_page(view: View) -> View:
    """Return the view with headers for one user's page: only own content, stored by no cache."""

    @never_cache
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    return guarded
