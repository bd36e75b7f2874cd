"""What a page may load, and plain HTTP where HTTPS is required."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse

from core.conf import SAFE_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HTTPS_REQUIRED = "Use https: this was sent over plain http, and nothing was done."


class SecureWritesMiddleware:
    """Refuse writes over plain http (403). Django's SecurityMiddleware, which follows, redirects reads.

    A client follows a redirect with a GET, so the redirect of a write would lose its body without an
    error. The write has also already shown its credentials to the network.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in SAFE_METHODS and lacks_https(request):
            return HttpResponse(HTTPS_REQUIRED, status=403, content_type="text/plain")
        return self.get_response(request)


def lacks_https(request: HttpRequest) -> bool:
    """Return whether the request must be repeated over https."""
    return settings.SECURE_SSL_REDIRECT and not request.is_secure()
