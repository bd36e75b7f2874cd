"""The forms of the page of topics: how they are received, and where they lead."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import IntegrityError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    class SignedInRequest(HttpRequest):
        user: User

    View = Callable[..., HttpResponseBase]


def form_post(view: View) -> View:
    """Return a view for a form that a signed-in user sends from the page.

    If the session has ended, signing in leads to the page: the form is lost, and its own address cannot
    be opened. If a row that the form is about is deleted at this moment, the answer is a message.
    """

    @require_POST
    @functools.wraps(view)
    def receive(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("topics:list"))
        try:
            return view(request, *args, **kwargs)
        except IntegrityError:
            messages.error(request, _("Another request has just changed or deleted this. Please try again."))
            return redirect_back(request)

    return receive


def redirect_back(request: HttpRequest, **params: str) -> HttpResponseRedirect:
    """Return a redirect to the form's page (``next``), with ``params`` added; never to another site."""
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    address = asked if safe else reverse("topics:list")
    if params:
        address += ("&" if "?" in address else "?") + urlencode(params)
    return HttpResponseRedirect(address)
