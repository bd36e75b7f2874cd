"""Services, plans, subscriptions and recalculations in Django's admin.

Every list costs the same number of queries however long it is, and none counts what it does not show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.admin import CountReferencesMixin, FewCountsMixin, FewCountsPaginator, ModelAdmin, RecordAdmin
from core.admin_actions import recorded_action
from core.admin_columns import GOOD, WAITING, badge, list_address, progress_bar
from services import subscription_totals
from services.actions import RECALCULATION_REQUESTED, recalculate_single, request_recalculation
from services.history_admin import PlanDiscountInline, ServicePriceInline, price_table
from services.models import Plan, Recalculation, Service, Subscription
from services.recalculation import with_pending
from services.search import Search
from services.selectors import at_prices, is_pending

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.safestring import SafeString


# Each of them sends messages of its own; more are recalculated faster by their services.
MAX_SINGLE_RECALCULATIONS = 1_000


def start_recalculation(request: HttpRequest, sources: QuerySet[Any]) -> list[Any]:
    """Request a recalculation, tell the user where its progress is shown, and return the sources."""
    rows = list(sources.select_for_update(no_key=True).order_by("pk"))
    count = request_recalculation(sources.model.objects.filter(pk__in=[row.pk for row in rows]))
    text = ngettext("Recalculation of %d requested.", "Recalculation of %d requested.", count) % count
    if address := list_address(admin.site, Recalculation, request):
        text = format_html('{} <a href="{}">{}</a>', text, address, gettext("See its progress"))
    messages.success(request, text)
    return rows


class PricesFilter(admin.SimpleListFilter):
    """Services and plans by whether every price follows them."""

    title = _("prices")
    parameter_name = "prices"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("current", gettext("current")), ("pending", gettext("pending"))]

    def queryset(self, request: HttpRequest, sources: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        if self.value() in {"pending", "current"}:
            return sources.filter(pending=self.value() == "pending")
        return sources


class PricedAdmin(CountReferencesMixin, ModelAdmin):
    """For services and plans, which prices follow. Existing ones show what is scheduled."""

    list_filter = [PricesFilter]
    actions = ["recalculate"]
    schedule: type[admin.TabularInline]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:  # noqa: ARG002
        return [self.schedule] if obj else []

    @admin.display(description=_("subscriptions"))
    def subscriptions(self, source: Any) -> str:  # noqa: ARG002  (a million of them are not counted for a list)
        return gettext("list")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_pending(super().get_queryset(request), str(self.opts.model_name))

    @admin.display(description=_("prices"))
    def prices(self, source: Any) -> SafeString:
        return badge(gettext("pending"), WAITING) if source.pending else badge(gettext("current"), GOOD)

    @recorded_action(
        RECALCULATION_REQUESTED,
        description=_("Recalculate the prices of the selected"),
        permissions=["change"],
    )
    def recalculate(self, request: HttpRequest, sources: QuerySet[Any]) -> list[Any]:
        # Not on the annotated query set: an update needs none of it.
        return start_recalculation(request, self.model.objects.filter(pk__in=sources.values("pk")))


@admin.register(Service)
class ServiceAdmin(PricedAdmin):
    list_display = ["name", "full_price", "prices", "subscriptions"]
    counts = {"subscriptions": (Subscription, "service__id__exact")}
    schedule = ServicePriceInline
    search_fields = ["name"]


@admin.register(Plan)
class PlanAdmin(PricedAdmin):
    list_display = ["__str__", "plan_type", "discount_percent", "prices", "subscriptions"]
    list_filter = ["plan_type", PricesFilter]
    counts = {"subscriptions": (Subscription, "plan__id__exact")}
    schedule = PlanDiscountInline
    search_fields = ["plan_type"]


class PriceStatusFilter(admin.SimpleListFilter):
    title = _("price status")
    parameter_name = "price_status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("current", gettext("current")), ("pending", gettext("pending"))]

    def queryset(self, request: HttpRequest, rows: QuerySet[Subscription]) -> QuerySet[Subscription]:  # noqa: ARG002
        if self.value() == "pending":
            return rows.filter(is_pending())
        if self.value() == "current":
            return rows.filter(~is_pending())
        return rows


class SubscriptionPaginator(FewCountsPaginator):
    """Counts all subscriptions, and orders them by price, by the numbers that the database keeps."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return super().count if rows.query.has_filters() else subscription_totals.read().number

    def ids(self, first: int) -> list[Any]:
        rows: Any = self.object_list
        order = rows.query.order_by[0]
        if order in {"price", "-price"} and not rows.query.has_filters():
            rows, first = at_prices(rows, {}, order=order, first=first, size=self.per_page)
        return self.read_ids(rows, first)


@admin.register(Subscription)
class SubscriptionAdmin(FewCountsMixin, ModelAdmin):
    list_display = ["id", "client", "service", "plan", "price", "price_status", "priced_at", "comment"]
    list_filter = [PriceStatusFilter, "plan__plan_type", "service", "created_at"]
    # What get_search_results looks at.
    search_fields = ["client__company_name", "client__user__email", "comment", "region", "channel"]
    search_help_text = _("Words of the company name or e-mail, how the comment begins, the region or channel")
    sortable_by = ["id", "client", "service", "plan", "price", "comment"]  # by an index or kept totals
    autocomplete_fields = ["client", "service", "plan"]
    readonly_fields = ["price", "price_status", "priced_at", "created_at", "prices"]
    states = {"price_status": {"current": (GOOD, _("current")), "pending": (WAITING, _("pending"))}}
    paginator: ClassVar[Any] = SubscriptionPaginator
    actions = ["recalculate", "recalculate_single"]

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Subscription],
        search_term: str,
    ) -> tuple[QuerySet[Subscription], bool]:
        """Return what the API's ``search`` finds, and those of a region or channel; no row twice."""
        text = search_term.strip()
        if text:
            queryset = queryset.filter(Search(text).condition() | Q(region=text) | Q(channel=text))
        return queryset, False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        return super().get_queryset(request).select_related("client", "service", "plan")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Return the order by date for a filter by date: by id, its first row may be a million rows away."""
        return ["created_at"] if any(name.startswith("created_at__") for name in request.GET) else ["id"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return super().get_readonly_fields(request, obj) if obj else []  # a new one gets its price when saved

    @admin.display(description=_("prices"))
    def prices(self, row: Subscription) -> SafeString:
        return price_table(row)

    @recorded_action(
        RECALCULATION_REQUESTED,
        description=_("Recalculate the services of the selected subscriptions"),
        permissions=["change"],
    )
    def recalculate(self, request: HttpRequest, rows: QuerySet[Subscription]) -> list[Service]:
        """Request it; it is in the history of the services, of which there are few."""
        return start_recalculation(request, Service.objects.filter(pk__in=rows.order_by().values("service")))

    @recorded_action(
        RECALCULATION_REQUESTED,
        description=_("Recalculate only the selected subscriptions"),
        permissions=["change"],
    )
    def recalculate_single(
        self, request: HttpRequest, selected: QuerySet[Subscription]
    ) -> list[Subscription]:
        rows = list(selected.order_by("pk")[: MAX_SINGLE_RECALCULATIONS + 1])
        if len(rows) > MAX_SINGLE_RECALCULATIONS:
            text = gettext("At most %d at once. Recalculate their services instead.")
            messages.error(request, text % MAX_SINGLE_RECALCULATIONS)
            return []
        sent = [row for row in rows if recalculate_single([row.pk])]
        is_complete = len(sent) == len(rows)
        text = ngettext("Recalculation of %d requested.", "Recalculation of %d requested.", len(sent))
        text = text % len(sent) + ("" if is_complete else " " + gettext("The broker is away."))
        messages.add_message(request, messages.SUCCESS if is_complete else messages.ERROR, text)
        return sent


@admin.register(Recalculation)
class RecalculationAdmin(RecordAdmin):
    """Read-only: recalculations begin by themselves."""

    list_display = readonly_fields = fields = (
        "source",
        "progress",
        "started_at",
        "updated_at",
        "finished_at",
    )
    list_filter = [("finished_at", admin.EmptyFieldListFilter), "started_at"]
    list_select_related = ["service", "plan"]
    search_fields = ["service__name"]
    linked = ["source"]

    @admin.display(description=_("of"))
    def source(self, recalculation: Recalculation) -> Service | Plan | None:
        return recalculation.service or recalculation.plan

    @admin.display(description=_("progress"))
    def progress(self, recalculation: Recalculation) -> SafeString:
        running = recalculation.finished_at is None
        key = f"recalculation-{recalculation.pk}"
        return progress_bar(key, recalculation.done, recalculation.total, running=running)
