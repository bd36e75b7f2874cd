"""Addresses of signing in and out, under /accounts/: Django's views with pages of our own."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from topics.pages import own_page

urlpatterns = [
    path(
        "login/",
        own_page(LoginView.as_view(template_name="topics/sign_in.html", redirect_authenticated_user=True)),
        name="sign-in",
    ),
    path("logout/", own_page(LogoutView.as_view(template_name="topics/signed_out.html")), name="sign-out"),
]
