"""Addresses of the pages of accounts, under /accounts/."""

from django.urls import path

from accounts.views import pages

urlpatterns = [
    path("sign-up/", pages.sign_up_page, name="sign-up"),
    path("verify-email/<str:token>/", pages.verify_email_page, name="verify-email"),
    path("password/", pages.change_password_page, name="password-change-page"),
    path("password/reset/", pages.request_reset_page, name="password-reset"),
    path("password/reset/<str:uid>/<str:token>/", pages.reset_password_page, name="password-reset-confirm"),
    path("done/<slug:what>/", pages.done_page, name="account-done"),
]
