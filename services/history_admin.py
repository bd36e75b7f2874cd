"""The history of prices and discounts in Django's admin, and changes for a future moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import FewCountsMixin, RecordAdmin, TabularInline
from core.admin_columns import show_moment
from services.history import PricePeriods
from services.history_serializers import MAX_MOMENT
from services.models import Plan, PriceChange, Service
from services.scheduling import delete_if_scheduled

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from services.models import Subscription

MAX_PERIODS = 20  # on a subscription's page

REASONS = {
    "added": _("added"),
    "moved": _("moved"),
    "service": _("price of the service"),
    "plan": _("discount of the plan"),
}


def price_table(subscription: Subscription) -> SafeString:
    """Return what a subscription cost, costs and will cost, the latest first, with who changed it."""
    periods = PricePeriods(subscription.pk)[0:MAX_PERIODS]
    heads = (_("From"), _("Price"), _("Because of"), _("User"))
    head = format_html_join("", '<th scope="col">{}</th>', ((each,) for each in heads))
    rows = format_html_join(
        "",
        "<tr><td>{}</td><td>{:.2f}</td><td>{}</td><td>{}</td></tr>",
        (
            (show_moment(each.effective_from), each.price, REASONS[each.reason], each.changed_by or each.via)
            for each in periods
        ),
    )
    return format_html(
        '<div class="results" tabindex="0"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        head,
        rows,
    )


class ScheduledPriceForm(forms.ModelForm):
    def clean_effective_from(self) -> datetime:
        moment: datetime = self.cleaned_data["effective_from"]
        if not timezone.now() < moment <= MAX_MOMENT:
            raise ValidationError(gettext("Must be in the future, and at most 2200-12-31T23:59:59Z."))
        return moment


class ScheduledDiscountForm(ScheduledPriceForm):
    value = forms.IntegerField(min_value=0, max_value=100)


class ScheduledFormSet(forms.BaseInlineFormSet):
    def delete_existing(self, obj: PriceChange, commit: bool = True) -> None:
        """Delete a change, unless its moment has come since the form was shown."""
        if commit:
            delete_if_scheduled(obj.pk)


class ScheduledInline(TabularInline):
    """What is scheduled for the row. Those who may change the row may schedule and delete."""

    model = PriceChange
    form = ScheduledPriceForm
    formset = ScheduledFormSet
    fields = ["value", "effective_from", "user"]
    readonly_fields = ["user"]
    ordering = ["effective_from"]
    extra = 0
    verbose_name = _("scheduled change")
    verbose_name_plural = _("scheduled changes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceChange]:
        scheduled = super().get_queryset(request).filter(applied_at=None, effective_from__gt=Now())
        return scheduled.select_related("user")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return True  # of those who see the row

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return request.user.has_perm(f"services.change_{self.fk_name}")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class ServicePriceInline(ScheduledInline):
    fk_name = "service"


class PlanDiscountInline(ScheduledInline):
    fk_name = "plan"
    form = ScheduledDiscountForm


@admin.register(PriceChange)
class PriceChangeAdmin(FewCountsMixin, RecordAdmin):
    """Read-only: the database writes the history, and the pages of services and plans schedule."""

    list_display = ["source", "value", "effective_from", "applied_at", "user", "via", "recorded_at"]
    list_filter = [("applied_at", admin.EmptyFieldListFilter), "effective_from"]
    list_select_related = ["service", "plan", "user"]
    search_fields = ["service__name", "user__username"]
    readonly_fields = fields = [*list_display]
    linked = ["source"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        own = {"service__id__exact", "plan__id__exact"}
        return lookup in own or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("of"))
    def source(self, change: PriceChange) -> Service | Plan | str:
        """Return the service or plan; its id once it was deleted."""
        deleted = gettext("deleted: %s") % (change.service_id or change.plan_id)
        return change.service or change.plan or deleted
