"""The page to which the link in a verification mail leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.verification import verify_email
from api.problems.exceptions import Problem
from ratelimit.throttling import allow_attempt
from web.pages import own_page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@own_page
@require_http_methods(["GET", "HEAD", "POST"])
def verify_email_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button that verifies the address, and verify it when the button is pressed.

    Programs that check the links of mails only GET them, so they use up no link.
    """
    if request.method != "POST":
        return _page(request, "ask")
    if not allow_attempt(request, "auth-email"):
        return _page(request, "limited", status=429)
    try:
        verify_email(token=token)
    except Problem:
        return _page(request, "refused", status=400)
    return _page(request, "verified")


def _page(request: HttpRequest, state: str, status: int = 200) -> HttpResponse:
    response = render(request, "accounts/verify_email.html", {"state": state, "here": "/"}, status=status)
    response.headers["Referrer-Policy"] = "no-referrer"  # the address holds the token
    return response
