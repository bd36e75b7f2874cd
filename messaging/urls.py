"""Addresses under /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from messaging.telegram.views import TelegramViewSet, Webhook

router = SimpleRouter()
router.register("auth/telegram", TelegramViewSet, basename="telegram")

urlpatterns = [
    *router.urls,
    path("telegram/webhook/", Webhook.as_view(), name="telegram-webhook"),
]
