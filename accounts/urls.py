"""Addresses under /api/v1/."""

from django.urls import path

from accounts.views import signing_in, users

urlpatterns = [
    path("auth/register/", signing_in.Registration.as_view(), name="auth-register"),
    path("auth/token/", signing_in.TokenIssue.as_view(), name="auth-token"),
    path("auth/logout/", signing_in.Logout.as_view(), name="auth-logout"),
    path("me/", users.Me.as_view(), name="me"),
    path("user/<int:pk>/", users.UserDetail.as_view(), name="user-detail"),
]
