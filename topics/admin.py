"""The topics in Django's admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef
from django.forms import BaseInlineFormSet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import ModelAdmin, RecordAdmin, TabularInline
from core.admin_columns import list_address
from topics.models import Topic, TopicActivity, TopicSubscription

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest


MAX_SHOWN = 50  # each posts several fields, and Django accepts 1,000 of them


class NewestSubscriptions(BaseInlineFormSet):
    """Show the newest; save those that were shown, also when there are newer ones by then."""

    def get_queryset(self) -> QuerySet[TopicSubscription]:
        if not hasattr(self, "_queryset"):
            rows = super().get_queryset()
            self._queryset = rows.filter(pk__in=self._posted_ids()) if self.is_bound else rows[:MAX_SHOWN]
        return self._queryset

    def clean(self) -> None:
        """Refuse a user who subscribes already, also one who is not among those shown."""
        super().clean()
        added = [form for form in self.extra_forms if form.is_valid() and form.cleaned_data.get("user")]
        rows = TopicSubscription.objects.filter(
            topic=self.instance.pk, user__in=[form.cleaned_data["user"] for form in added]
        ).exclude(pk__in=[form.instance.pk for form in self.deleted_forms])
        subscribed = set(rows.values_list("user_id", flat=True)) if added else set()
        for form in added:
            if form.cleaned_data["user"].pk in subscribed:
                form.add_error("user", _("This user is subscribed to the topic already."))

    def _posted_ids(self) -> list[int]:
        values = (self.data.get(f"{self.add_prefix(number)}-id") for number in range(MAX_SHOWN))
        return [int(value) for value in values if value and value.isdecimal()]


class SubscriberInline(TabularInline):
    """The newest subscribers, to remove, and new ones to add. A subscription has nothing to change."""

    model = TopicSubscription
    formset = NewestSubscriptions
    autocomplete_fields = ["user"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[TopicSubscription]:
        return super().get_queryset(request).select_related("user")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the user may add subscribers, which takes looking up users."""
        may_look_up = list_address(self.admin_site, get_user_model(), request) is not None
        return may_look_up and bool(super().has_add_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Topic)
class TopicAdmin(ModelAdmin):
    """The newest subscribers are on its page; all of them in a list of their own, to which it links."""

    list_display = ["name", "subscriber_count", "created_by"]
    list_filter = [("created_by", admin.EmptyFieldListFilter)]
    list_select_related = ["created_by"]
    search_fields = ["name"]
    autocomplete_fields = ["created_by"]
    readonly_fields = ["subscriber_count"]
    inlines = [SubscriberInline]
    counts = {"subscriber_count": (TopicSubscription, "topic__id__exact")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return super().get_queryset(request).annotate(subscribers_total=Count("subscriptions"))

    @admin.display(description=_("subscribers"), ordering="subscribers_total")
    def subscriber_count(self, topic: Any) -> int:
        return topic.subscribers_total

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return super().get_readonly_fields(request, obj) if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"created_by": request.user.pk, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Topic, form: ModelForm, change: bool) -> None:
        """Save what has changed: an unchanged form is no activity."""
        if form.changed_data or not change:
            super().save_model(request, obj, form, change)


@admin.register(TopicSubscription)
class TopicSubscriptionAdmin(ModelAdmin):
    list_display = ["topic", "user"]
    list_filter = ["user__is_active"]
    list_select_related = ["topic", "user"]
    search_fields = ["topic__name", "user__username"]
    autocomplete_fields = ["topic", "user"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TopicSubscription]:
        return super().get_queryset(request).select_related("topic", "user")


@admin.register(TopicActivity)
class TopicActivityAdmin(RecordAdmin):
    """Read-only: signals write it. It can be deleted, because a topic is deleted with its activities."""

    list_display = ["topic_name", "action", "created_at", "topic"]
    list_filter = ["action", "created_at"]
    search_fields = ["topic_name"]
    readonly_fields = fields = ("topic_name", "action", "created_at", "topic")
    linked = ["topic"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TopicActivity]:
        exists = Exists(Topic.objects.filter(pk=OuterRef("topic_id")))
        return super().get_queryset(request).annotate(topic_exists=exists)

    @admin.display(description=_("topic"), ordering="topic_id")
    def topic(self, activity: Any) -> Topic | str:
        """Return the topic under the name that it had then; of a deleted one its id."""
        if activity.topic_exists:
            return Topic(pk=activity.topic_id, name=activity.topic_name)
        return gettext("deleted: %s") % activity.topic_id
