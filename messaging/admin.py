"""Messages and Telegram links in the admin: staff may view and delete them, and send a message again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext

from core.admin import IssuedAdmin
from core.admin_actions import recorded_action
from core.admin_columns import BAD, GOOD, QUIET, WAITING
from messaging import delivery
from messaging.models import LinkToken, OutgoingMessage, TelegramAccount, VerifiedEmail

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest


State = OutgoingMessage.State
SENT_AGAIN = gettext_noop("Sent again.")  # in the history


@admin.register(LinkToken)
class LinkTokenAdmin(IssuedAdmin):
    list_display = ["user", "expires_at"]
    list_filter = ["expires_at"]


@admin.register(TelegramAccount)
class TelegramAccountAdmin(IssuedAdmin):
    list_display = ["user", "telegram_id", "language", "linked_at"]
    list_filter = ["linked_at"]
    search_fields = [*IssuedAdmin.search_fields, "=telegram_id"]


@admin.register(VerifiedEmail)
class VerifiedEmailAdmin(IssuedAdmin):
    list_display = ["user", "address", "language", "verified_at"]
    list_filter = ["verified_at"]


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(IssuedAdmin):
    """What went out, what waits, and what needs a decision: ``uncertain`` and ``given up``."""

    list_display = ["kind", "user", "state", "channel", "due_at", "changed_at", "error"]
    readonly_fields = fields = (
        *("user", "kind", "content", "mail_only", "state", "channel", "attempts", "error"),
        *("created_at", "due_at", "changed_at"),
    )
    linked = ["content"]
    list_filter = ["state", "kind", "channel"]
    date_hierarchy = "created_at"
    search_fields = [*IssuedAdmin.search_fields, "dedupe_key"]
    states = {
        "state": {
            State.PENDING: (WAITING, _("pending")),
            State.SENDING: (WAITING, _("sending")),
            State.SENT: (GOOD, _("sent")),
            State.UNCERTAIN: (BAD, _("uncertain")),
            State.GIVEN_UP: (BAD, _("given up")),
            State.OBSOLETE: (QUIET, _("obsolete")),
        }
    }
    actions = ["send_again"]

    @admin.display(description=_("content"))
    def content(self, message: OutgoingMessage) -> Model | str | None:
        """Return the row that the message is about, or the words that it was recorded with."""
        models = apps.all_models[message.kind.partition(".")[0]]
        for name, pk in message.payload.items():
            if name in models:
                return models[name]._default_manager.filter(pk=pk).first()
        words: Any = (message.payload.get(name) for name in ("subject", "text"))
        return "\n\n".join(filter(None, words))

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("messaging.change_outgoingmessage"))

    @recorded_action(
        SENT_AGAIN,
        description=_("Send again what was given up or is uncertain"),
        permissions=["send_again"],
    )
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMessage]) -> list[OutgoingMessage]:
        sent = delivery.send_again(queryset)
        text = ngettext("%d message is sent again.", "%d messages are sent again.", len(sent))
        level = messages.SUCCESS if sent else messages.WARNING
        self.message_user(request, text % len(sent), level)
        return sent
