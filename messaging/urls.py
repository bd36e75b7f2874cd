"""Addresses under /api/v1/."""

from django.urls import path

from messaging.telegram import views

urlpatterns = [
    path("auth/telegram/link/", views.TelegramLink.as_view(), name="telegram-link"),
    path("auth/telegram/confirm/", views.Confirmation.as_view(), name="telegram-confirm"),
    path("telegram/webhook/", views.Webhook.as_view(), name="telegram-webhook"),
]
