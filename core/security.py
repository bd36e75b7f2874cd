"""Plain HTTP where HTTPS is required."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware as DjangoSecurityMiddleware

from core.conf import SAFE_METHODS

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

HTTPS_REQUIRED = "Use https: this was sent over plain http, and nothing was done."


class SecurityMiddleware(DjangoSecurityMiddleware):
    """Django's, but only reads are redirected to https.

    A client follows a 301 with a GET, so the redirect of a write would lose its body without an error.
    The write has also already shown its credentials to the network.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:  # type: ignore[override]
        redirect = super().process_request(request)
        if redirect is None or request.method in SAFE_METHODS:
            return redirect
        return HttpResponse(HTTPS_REQUIRED, status=403, content_type="text/plain")
