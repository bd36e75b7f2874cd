"""What is sent from the page of topics, and where that leads."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    class SignedInRequest(HttpRequest):
        user: User

    View = Callable[..., HttpResponseBase]


def click(view: View) -> View:
    """A view for what a signed-in user sends from the page.

    Where the session has ended meanwhile, signing in leads to the page: what was sent is lost, and
    its own address cannot be opened.
    """

    @require_POST
    @functools.wraps(view)
    def clicked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("topics:list"))
        return view(request, *args, **kwargs)

    return clicked


def back(request: HttpRequest, **params: str) -> HttpResponseRedirect:
    """To where the click was made (``next``), with ``params`` added; never to another site."""
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    address = asked if safe else reverse("topics:list")
    if params:
        address += ("&" if "?" in address else "?") + urlencode(params)
    return HttpResponseRedirect(address)
