"""``manage.py telegram_webhook set|delete|info``: where Telegram sends what is written to the bot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from messaging.errors import NotDelivered
from messaging.telegram.client import call

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Have Telegram send the bot's messages here (set), no longer (delete), or say where (info)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        does = parser.add_subparsers(dest="what", required=True)
        setting = does.add_parser("set", help="needs TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET")
        setting.add_argument("site", help="this site as Telegram reaches it, https://example.com")
        does.add_parser("delete")
        does.add_parser("info")

    def handle(self, *, what: str, site: str = "", **_: Any) -> None:
        try:
            self.stdout.write(getattr(self, f"_{what}")(site))
        except NotDelivered as error:
            raise CommandError(str(error)) from error

    def _set(self, site: str) -> str:
        if not site.startswith("https://"):
            raise CommandError("Telegram sends to https:// only")
        if not settings.TELEGRAM_WEBHOOK_SECRET:
            raise CommandError("TELEGRAM_WEBHOOK_SECRET is not set: any client could pose as Telegram")
        address = site.rstrip("/") + reverse("telegram-webhook")
        secret = settings.TELEGRAM_WEBHOOK_SECRET
        call("setWebhook", url=address, secret_token=secret, allowed_updates=["message"])
        return f"Telegram sends to {address}"

    def _delete(self, _: str) -> str:
        call("deleteWebhook")
        return "Telegram sends nowhere"

    def _info(self, _: str) -> str:
        return json.dumps(call("getWebhookInfo"), indent=2, ensure_ascii=False)
