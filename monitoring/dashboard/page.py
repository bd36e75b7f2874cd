"""The dashboard as its viewer sees it: the parts, each with a picture, the list behind it and a table."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.utils.formats import date_format, number_format
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from core.admin_columns import BAD, GOOD, QUIET, WAITING, badge, list_address, live_part, progress_bar
from core.history import message_of
from core.worker import LIVE_SECONDS
from courses.models import Course, Enrollment
from messaging.models import OutgoingMessage
from monitoring import cache
from monitoring.dashboard import live, rights
from monitoring.dashboard.charts import Bar, bars, columns
from services.models import Plan, PriceChange, Recalculation, Service, Subscription
from tasks.models import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

State = OutgoingMessage.State
AGAIN = (State.UNCERTAIN, State.GIVEN_UP)
KINDS = {State.PENDING: WAITING, State.SENDING: WAITING, State.UNCERTAIN: BAD, State.GIVEN_UP: BAD}


@dataclass
class Part:
    """A part of the page; what is empty is left out."""

    name: str
    title: str
    address: str | None = None  # of the list behind it
    number: Any = ""
    text: Any = ""
    picture: Any = ""
    legend: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    is_open: bool = False  # the table is the picture
    again: str | None = None  # where to send messages again

    def body(self) -> SafeString:
        """Return the rows of the table: its hundreds of cells are slow as a template."""
        cells = (format_html_join("", "<td>{}</td>", ((cell,) for cell in row)) for row in self.rows)
        return format_html_join("", "<tr>{}</tr>", ((row,) for row in cells))


def dashboard_of(request: HttpRequest) -> list[Part]:
    """Return the parts that the viewer of the page may see."""
    result = cache.dashboard.get()
    shown = rights.visible(result.value, request.user)
    if request.user.has_perm(rights.SYSTEM_PERMISSION):
        shown |= live.read()
    return list(_Page(request, shown).parts())


class _Page:
    def __init__(self, request: HttpRequest, shown: dict[str, Any]) -> None:
        self._request = request
        self._shown = shown

    def parts(self) -> Iterator[Part]:
        makers = {
            "sales": (self._services, self._plans),
            "subscribed": (self._subscribed,),
            "recalculations": (self._prices,),
            "price_changes": (self._price_changes,),
            "enrolled": (self._learning,),
            "best_rated": (self._best_rated,),
            "overdue": (self._overdue,),
            "undelivered": (self._undelivered,),
            "cache": (self._cache, self._system),
            "events": (self._events,),
        }
        for name, functions in makers.items():
            if name in self._shown:
                yield from (make() for make in functions)

    # --- Sales ------------------------------------------------------------------------------------

    def _services(self) -> Part:
        sales = self._shown["sales"]
        part = self._sums(sales["services"], "service__id__exact")
        part.name, part.title = "services", _("Sales by service")
        part.number = _money(sales["amount"])
        part.text = _("%(number)s subscriptions") % {"number": _number(sales["count"])}
        return part

    def _plans(self) -> Part:
        part = self._sums(self._shown["sales"]["plans"], "plan__id__exact")
        part.name, part.title = "plans", _("Sales by plan")
        return part

    def _sums(self, rows: list[dict[str, Any]], lookup: str) -> Part:
        return Part(
            name="",
            title="",
            address=self._list(Subscription),
            picture=bars([Bar(row["name"], row["amount"], _money(row["amount"])) for row in rows]),
            head=(_("Name"), _("Subscriptions"), _("Sum of prices")),
            rows=[
                (
                    row["name"],
                    self._link(_number(row["count"]), Subscription, **{lookup: row["id"]}),
                    _money(row["amount"]),
                )
                for row in rows
            ],
        )

    def _subscribed(self) -> Part:
        numbers = self._shown["subscribed"]
        return Part(
            name="subscribed",
            title=_("New subscriptions by week"),
            address=self._list(Subscription),
            number=_number(numbers[-1]),
            text=_("this week"),
            picture=columns(self._ends(), numbers),
            head=(_("Week from"), _("Subscriptions")),
            rows=self._table_by_week(self._by_week(Subscription, "created_at", numbers)),
        )

    # --- Prices -----------------------------------------------------------------------------------

    def _prices(self) -> Part:
        pending = self._shown["pending"]
        names = format_html_join("", ", {}", ((self._source(row),) for row in pending))
        return Part(
            name="prices",
            title=_("Prices"),
            address=self._list(Recalculation),
            number=_number(len(pending)),
            text=format_html("{}{}", _("services and plans with prices to compute"), names),
            head=(_("Of"), _("Progress"), _("State")),
            rows=[(row["name"], _progress(row), _state_of(row)) for row in self._shown["recalculations"]],
            is_open=True,
        )

    def _price_changes(self) -> Part:
        return Part(
            name="price-changes",
            title=_("Last changes of prices"),
            address=self._list(PriceChange),
            head=(_("Of"), _("Value"), _("User"), _("When")),
            rows=[
                (
                    self._source(row),
                    _value_of(row),
                    row["user_name"] or row["via"],
                    _ago(row["effective_from"]),
                )
                for row in self._shown["price_changes"]
            ],
            is_open=True,
        )

    def _source(self, row: dict[str, Any]) -> Any:
        """Return the name of a service or plan with a link to it."""
        return _row(row["name"], self._list(Service if row["kind"] == "service" else Plan), row["id"])

    # --- Learning ---------------------------------------------------------------------------------

    def _learning(self) -> Part:
        enrolled, completed = self._shown["enrolled"], self._shown["completed"]
        return Part(
            name="learning",
            title=_("Enrolments and completions by week"),
            address=self._list(Enrollment),
            number=_number(enrolled[-1]),
            text=_("enrolments this week"),
            picture=columns(self._ends(), enrolled, completed),
            legend=(_("Enrolments"), _("Completions")),
            head=(_("Week from"), _("Enrolments"), _("Completions")),
            rows=self._table_by_week(
                self._by_week(Enrollment, "created_at", enrolled),
                self._by_week(Enrollment, "completed_at", completed),
            ),
        )

    def _best_rated(self) -> Part:
        address = self._list(Course)
        rated = [(row, number_format(row["rating"], 2)) for row in self._shown["best_rated"]]
        return Part(
            name="rated",
            title=_("Best rated courses"),
            address=address,
            picture=bars([Bar(row["title"], row["rating"], rating) for row, rating in rated], 5),
            head=(_("Course"), _("Rating"), _("Students")),
            rows=[
                (_row(row["title"], address, row["id"]), rating, _number(row["students"]))
                for row, rating in rated
            ],
        )

    # --- Team -------------------------------------------------------------------------------------

    def _overdue(self) -> Part:
        overdue = self._shown["overdue"]
        late = {"status__exact": "overdue"}
        return Part(
            name="overdue",
            title=_("Overdue tasks by list"),
            address=self._list(Task, **late),
            number=_number(overdue["count"]),
            text=_("overdue tasks"),
            picture=bars([Bar(row["name"], row["count"], _number(row["count"])) for row in overdue["lists"]]),
            head=(_("Task list"), _("Overdue tasks")),
            rows=[
                (row["name"], self._link(_number(row["count"]), Task, task_list__id__exact=row["id"], **late))
                for row in overdue["lists"]
            ],
        )

    def _undelivered(self) -> Part:
        counted = self._shown["undelivered"]
        again = sum(counted[state] for state in AGAIN)
        may_send = self._request.user.has_perm("messaging.change_outgoingmessage")
        return Part(
            name="undelivered",
            title=_("Messages not delivered"),
            address=self._list(OutgoingMessage, state__in=",".join(counted)),
            number=_number(sum(counted.values())),
            text=_("messages not delivered"),
            head=(_("State"), _("Messages")),
            rows=[
                (
                    badge(_(State(state).label), KINDS[State(state)] if count else QUIET),
                    self._link(_number(count), OutgoingMessage, state__exact=state),
                )
                for state, count in counted.items()
            ],
            is_open=True,
            again=self._list(OutgoingMessage, state__in=",".join(AGAIN)) if again and may_send else None,
        )

    # --- The system -------------------------------------------------------------------------------

    def _cache(self) -> Part:
        state = self._shown["cache"]
        hour, day = state["hour"], {row["key"]: row for row in state["day"] or []}
        outbox = badge(
            _("%(number)s in the outbox") % {"number": state["outbox"]}, BAD if state["outbox"] else GOOD
        )
        breaker = (
            badge(_("circuit breaker closed"), GOOD)
            if state["breaker"] == "closed"
            else badge(_("circuit breaker open"), BAD)
        )
        unknown = "" if hour is not None else _("unknown")
        read = [row for row in hour or [] if row["hit_percent"] is not None]
        return Part(
            name="cache",
            title=_("Cache: hits of the last hour"),
            text=format_html('{} {} <span class="unknown">{}</span>', breaker, outbox, unknown),
            picture=bars([Bar(row["key"], row["hit_percent"], _percent(row)) for row in read[:8]], 100),
            head=(
                *(_("Declaration"), _("Hits, hour"), _("Hits, day")),
                *(_("Reads, day"), _("Bypasses, day"), _("Invalidations, day")),
            ),
            rows=[
                (key, _percent(of_hour), _percent(row), row["reads"], row["bypasses"], row["invalidations"])
                for key, row in day.items()
                for of_hour in [next((each for each in hour or [] if each["key"] == key), None)]
            ],
        )

    def _system(self) -> Part:
        return Part(
            name="system",
            title=_("Workers and queues"),
            text=_("Beat last sent a task: %(time)s") % {"time": _seen(self._shown["beat"])},
            head=(_("Queue"), _("Waiting"), _("Workers"), _("Served")),
            rows=[
                (
                    queue["name"],
                    *(_known(queue[name]) for name in ("waiting", "workers")),
                    _served(queue["served_at"]),
                )
                for queue in self._shown["queues"]
            ],
            is_open=True,
        )

    def _events(self) -> Part:
        return Part(
            name="events",
            title=_("What just happened"),
            head=(_("When"), _("User"), _("Row"), _("Change")),
            rows=[
                (_ago(each["action_time"]), each["user_name"], self._event_row(each), _change_of(each))
                for each in self._shown["events"]
            ],
            is_open=True,
        )

    def _event_row(self, event: dict[str, Any]) -> Any:
        known = {(model._meta.app_label, model._meta.model_name): model for model in admin.site._registry}
        model = known.get((event["app"], event["model"]))
        address = self._list(model) if model and event["action_flag"] != 3 else None
        kind = f"{model._meta.verbose_name}: " if model else ""
        row = _row(event["object_repr"], address, event["object_id"])
        more = _("… and %(number)d more") % {"number": event["others"]} if event["others"] else ""
        return format_html("{}{} {}", kind, row, more)

    # --- Links ------------------------------------------------------------------------------------

    def _list(self, model: type[Model], **lookups: object) -> str | None:
        address = list_address(admin.site, model, self._request)
        return f"{address}?{urlencode(lookups)}" if address and lookups else address

    def _link(self, text: str, model: type[Model], **lookups: object) -> Any:
        return _anchor(text, self._list(model, **lookups))

    def _ends(self) -> tuple[str, str]:
        """Return the names of the first and the last week, for a picture."""
        ends = (self._shown["weeks"][0], self._shown["weeks"][-1])
        first, last = (date_format(date.fromisoformat(week), "MONTH_DAY_FORMAT") for week in ends)
        return first, last

    @cached_property
    def _weeks(self) -> list[tuple[str, str]]:
        """Each week: its name, and the part of an address that selects what happened in it."""
        weeks = [date.fromisoformat(week) for week in self._shown["weeks"]]
        query = "?{{moment}}__gte={}+00:00Z&{{moment}}__lt={}+00:00Z"
        return [(date_format(week), query.format(week, week + timedelta(weeks=1))) for week in weeks]

    def _by_week(self, model: type[Model], moment: str, numbers: list[int]) -> list[Any]:
        """Return the number of each week, which links to the rows."""
        address = self._list(model)
        return [
            _anchor(_number(number), address and address + query.format(moment=moment))
            for (_name, query), number in zip(self._weeks, numbers, strict=True)
        ]

    def _table_by_week(self, *columns_: list[Any]) -> list[tuple[Any, ...]]:
        """Return a row for each week, the latest first."""
        return list(zip((name for name, _query in self._weeks), *columns_, strict=True))[::-1]


def _anchor(text: str, address: str | None) -> Any:
    return format_html('<a href="{}">{}</a>', address, text) if address else text


def _row(name: str, address: str | None, pk: object) -> Any:
    return format_html('<a href="{}{}/change/">{}</a>', address, quote(str(pk)), name) if address else name


def _number(number: int) -> str:
    return number_format(number, 0, use_l10n=True, force_grouping=True)


def _known(number: int | None) -> str:
    return _("unknown") if number is None else _number(number)


def _value_of(change: dict[str, Any]) -> str:
    """Return a service's price, or a plan's discount."""
    return _money(change["value"]) if change["kind"] == "service" else f"{_number(int(change['value']))} %"


def _money(amount: float) -> str:
    return number_format(amount, 2, use_l10n=True, force_grouping=True)


def _percent(row: dict[str, Any] | None) -> str:
    known = row and row["hit_percent"] is not None
    return f"{number_format(row['hit_percent'], 1)} %" if row and known else "–"


def _ago(moment: str) -> str:
    return _("%(time)s ago") % {"time": timesince(datetime.fromisoformat(moment), depth=1)}


def _progress(row: dict[str, Any]) -> Any:
    running = row["finished_at"] is None
    return progress_bar(f"recalculation-{row['id']}", row["done"], row["total"], running=running)


def _state_of(row: dict[str, Any]) -> Any:
    running = row["finished_at"] is None
    state = badge(_("running"), WAITING) if running else badge(_("finished"), GOOD)
    return live_part(f"state-{row['id']}", state, running=running)


def _seen(moment: float | None) -> str:
    return _("unknown") if moment is None else _ago(datetime.fromtimestamp(moment, UTC).isoformat())


def _served(moment: float | None) -> Any:
    is_served = moment is not None and time.time() - moment < LIVE_SECONDS
    return badge(_seen(moment), GOOD if is_served else BAD)


def _change_of(event: dict[str, Any]) -> str:
    flags = {1: _("Added."), 2: _("Changed."), 3: _("Deleted.")}
    entry = LogEntry(action_flag=event["action_flag"], change_message=event["change_message"])
    return message_of(entry) or flags.get(event["action_flag"], "")
