"""The topics in Django's admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from core.admin import AutocompleteAdmin
from topics.models import Topic, TopicActivity, TopicSubscription

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest


@admin.register(Topic)
class TopicAdmin(AutocompleteAdmin):
    """Topics. Their subscribers have a list of their own: there may be many."""

    list_display = ["name", "subscriber_count", "created_by"]
    list_select_related = ["created_by"]
    search_fields = ["name"]
    autocomplete_fields = ["created_by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return super().get_queryset(request).annotate(subscribers_total=Count("subscriptions"))

    @admin.display(description=_("subscribers"), ordering="subscribers_total")
    def subscriber_count(self, topic: Any) -> int:
        return topic.subscribers_total

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"created_by": request.user.pk, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Topic, form: ModelForm, change: bool) -> None:
        """Save what has changed: an unchanged form is no activity."""
        if form.changed_data or not change:
            super().save_model(request, obj, form, change)


@admin.register(TopicSubscription)
class TopicSubscriptionAdmin(AutocompleteAdmin):
    list_display = ["topic", "user"]
    list_select_related = ["topic", "user"]
    search_fields = ["topic__name", "user__username"]
    autocomplete_fields = ["topic", "user"]


@admin.register(TopicActivity)
class TopicActivityAdmin(admin.ModelAdmin):
    """Read-only: signals write it. It can be deleted, because a topic is deleted with its activities."""

    list_display = ["topic_name", "action", "created_at", "topic_id"]
    list_filter = ["action"]
    search_fields = ["topic_name"]
    readonly_fields = fields = ("topic_name", "action", "created_at", "topic_id")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: TopicActivity | None = None) -> bool:  # noqa: ARG002
        return False
