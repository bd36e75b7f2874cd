"""The pages of accounts: signing up, confirming an e-mail address, changing and resetting a password.

They are plain forms, without scripts. A program that checks the links of mails only GETs them, so it uses up
none: each needs the press of a button.
"""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views import i18n as django_i18n
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.exceptions import ValidationError

from accounts.actions import register_user
from accounts.forms import ChangePasswordForm, NewPasswordForm, ResetForm, SignUpForm, add_errors
from accounts.password_reset import find_user, request_reset, reset_password
from accounts.passwords import change_password
from accounts.verification import LINK_NOT_VALID, verify_email
from api.problems.exceptions import Problem
from core.users import current_user
from messaging.languages import choose_mail_language
from ratelimit.throttling import allow_attempt
from web.pages import own_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms
    from django.http import HttpRequest, HttpResponse

    View = Callable[..., HttpResponse]

TOO_MANY = _("Too many attempts. Please try again in a minute.")
SIGN_UP = _("Sign up")
NEW_PASSWORD = _("Set a new password")
RESET = _("Reset your password")
CHANGE = _("Change the password")
# What a page says after its form, by the last part of its address.
DONE = {
    "sign-up": (
        _("Welcome"),
        _("Your account is ready. We have sent you a mail: please follow the link to confirm your address."),
    ),
    "reset": (
        _("Look into your mail"),
        _(
            "If there is an account with this address, a mail with a link is on its way. "
            "It is valid for an hour."
        ),
    ),
    "password": (NEW_PASSWORD, _("Your new password is set. Please sign in with it.")),
    "changed": (CHANGE, _("Your password is changed, and you were signed out everywhere else.")),
}

form_view = require_http_methods(["GET", "HEAD", "POST"])


def limited(scope: str) -> Callable[[View], View]:
    """Return a decorator that limits how often an address may send a page's form."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def receive(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST" or allow_attempt(request, scope):
                return view(request, *args, **kwargs)
            context = {"title": _("Please wait"), "text": TOO_MANY, "here": "/"}
            context |= {"again": request.path, "button": _("Try again")}
            return render(request, "accounts/done.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)

        return receive

    return decorate


@own_page
@require_safe
def done_page(request: HttpRequest, what: str) -> HttpResponse:
    """Say that a form was received: a reload sends it no second time."""
    if what not in DONE:
        raise Http404
    title, text = DONE[what]
    return render(request, "accounts/done.html", {"title": title, "text": text})


@own_page
@form_view
@limited("auth-register")
@sensitive_post_parameters()
def sign_up_page(request: HttpRequest) -> HttpResponse:
    """Register a user."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            register_user(values=form.values(), language=_language())
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect("account-done", "sign-up")
    return _form(request, form, title=SIGN_UP, button=SIGN_UP)


@own_page
@form_view
@limited("auth-email")
def request_reset_page(request: HttpRequest) -> HttpResponse:
    """Request a mail with a link that sets a new password."""
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        request_reset(email=form.cleaned_data["email"], language=_language())
        return redirect("account-done", "reset")
    return _form(request, form, title=RESET, button=_("Send me a link"))


@own_page
@form_view
@limited("auth-password")
@sensitive_post_parameters()
def reset_password_page(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Set a new password by the link of a mail."""
    user = find_user(uid, token)
    if user is None:
        return _link_refused(request)
    form = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        new = form.cleaned_data["new_password1"]
        try:
            reset_password(uid=uid, token=token, new_password=new, language=_language())
        except ValidationError as error:
            add_errors(form, error)
        except Problem:
            return _link_refused(request)
        else:
            return redirect("account-done", "password")
    return _form(request, form, title=NEW_PASSWORD, button=NEW_PASSWORD, here="/")


@own_page
@login_required
@form_view
@limited("auth-password")
@sensitive_post_parameters()
def change_password_page(request: HttpRequest) -> HttpResponse:
    """Change the password of the signed-in user."""
    user = current_user(request)
    form = ChangePasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        current, new = form.cleaned_data["current_password"], form.cleaned_data["new_password1"]
        try:
            change_password(
                request=request,
                user=user,
                current_password=current,
                new_password=new,
                language=get_language(),
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            return redirect("account-done", "changed")
    return _form(request, form, title=CHANGE, button=CHANGE)


@own_page
@form_view
@limited("auth-email")
def verify_email_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button that verifies the address, and verify it when the button is pressed."""
    if request.method != "POST":
        return _verification(request, "ask")
    try:
        verify_email(token=token)
    except Problem:
        return _verification(request, "refused", HTTPStatus.BAD_REQUEST)
    return _verification(request, "verified")


def set_language(request: HttpRequest) -> HttpResponse:
    """Django's, which sets a cookie. Mails to a signed-in user follow it, too."""
    response = django_i18n.set_language(request)
    cookie = response.cookies.get(settings.LANGUAGE_COOKIE_NAME)
    if cookie and cookie.value in dict(settings.LANGUAGES) and request.user.is_authenticated:
        choose_mail_language(current_user(request), cookie.value)
    return response


def _verification(request: HttpRequest, state: str, status: int = HTTPStatus.OK) -> HttpResponse:
    return render(request, "accounts/verify_email.html", {"state": state, "here": "/"}, status=status)


def _form(request: HttpRequest, form: forms.BaseForm, **context: Any) -> HttpResponse:
    return render(request, "accounts/form.html", {"form": form, **context})


def _link_refused(request: HttpRequest) -> HttpResponse:
    again = {"again": reverse("password-reset"), "button": _("Request a new link")}
    context = {"title": NEW_PASSWORD, "text": LINK_NOT_VALID, "here": "/", **again}
    return render(request, "accounts/done.html", context, status=HTTPStatus.BAD_REQUEST)


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
