"""Addresses of signing in and out, under /accounts/: Django's views with the project's templates."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from web.forms import SignInForm
from web.pages import own_page

sign_in = LoginView.as_view(
    template_name="web/sign_in.html", authentication_form=SignInForm, redirect_authenticated_user=True
)

urlpatterns = [
    path("login/", own_page(sign_in), name="sign-in"),
    path("logout/", own_page(LogoutView.as_view(template_name="web/signed_out.html")), name="sign-out"),
]
