"""The dashboard's numbers from the database, in six statements, none of which reads a large table whole.

It is the load of a cached value (monitoring/cache.py): the same for every viewer.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.admin.models import LogEntry
from django.db.models import BigIntegerField, CharField, Count, F, Max, Q, Sum, Value
from django.db.models.functions import Cast, TruncSecond
from django.utils import timezone

from courses.models import CourseStats
from messaging.models import OutgoingMessage
from monitoring.models import DashboardSum
from services.models import Plan, PriceChange, Recalculation, Service
from services.recalculation import with_pending
from tasks.models import Task
from tasks.selectors import overdue

NO_AMOUNT = Value(Decimal(0), output_field=DashboardSum._meta.get_field("amount"))
NO_NUMBER = Value(None, output_field=BigIntegerField())
WEEKS = 12
MAX_BARS = 8
MAX_EVENTS = 12
MAX_ENTRIES = 2_000  # of the history, among which the events are
MAX_CHANGES = 5
MAX_RECALCULATIONS = 5
WEEKLY = (DashboardSum.Kind.SUBSCRIBED, DashboardSum.Kind.ENROLLED, DashboardSum.Kind.COMPLETED)
State = OutgoingMessage.State
UNDELIVERED = (State.PENDING, State.SENDING, State.UNCERTAIN, State.GIVEN_UP)
OVERDUE, UNDELIVERED_MESSAGES = "overdue", "undelivered"  # kinds of counts beside those of DashboardSum


def load() -> dict[str, Any]:
    """Return what the dashboard shows of the database."""
    weeks = _last_weeks()
    counts = _counts(weeks)
    names, pending = _names()
    recalculations, price_changes = _prices(names)
    return {
        "sales": _sales(counts[DashboardSum.Kind.SOLD], names),
        "weeks": weeks,
        **{kind: [counts[kind][week].number for week in weeks] for kind in WEEKLY},
        "pending": pending,
        "recalculations": recalculations,
        "price_changes": price_changes,
        "best_rated": _best_rated(),
        "overdue": _overdue(counts[OVERDUE]),
        "undelivered": {state: counts[UNDELIVERED_MESSAGES][state].number for state in UNDELIVERED},
        "events": _events(),
    }


def _last_weeks() -> list[str]:
    today = timezone.now().date()
    monday = today - timedelta(days=today.weekday())
    return [str(monday - timedelta(weeks=age)) for age in range(WEEKS - 1, -1, -1)]


class Counted(NamedTuple):
    """How many rows of one kind and key there are; their sum of prices, or the name of the key."""

    number: int = 0
    amount: Decimal = Decimal(0)
    name: str = ""


def _counts(weeks: list[str]) -> dict[str, defaultdict[str, Counted]]:
    """Return what is counted, by kind and key: the sums, overdue tasks by list, messages by state."""
    shown = Q(kind=DashboardSum.Kind.SOLD) | Q(kind__in=WEEKLY, key__gte=weeks[0])
    sums = DashboardSum.objects.filter(shown).values_list("kind", "key", Value(""))
    late = Task.objects.filter(overdue(timezone.now())).order_by()
    tasks = late.values_list(_text(OVERDUE), Cast("task_list", CharField()), "task_list__name")
    waiting = OutgoingMessage.objects.filter(state__in=UNDELIVERED).order_by()
    messages = waiting.values_list(_text(UNDELIVERED_MESSAGES), "state", Value(""))
    rows = sums.annotate(n=Sum("count"), a=Sum("amount")).union(
        *(counted.annotate(n=Count("pk"), a=NO_AMOUNT) for counted in (tasks, messages)), all=True
    )
    found: dict[str, defaultdict[str, Counted]] = defaultdict(lambda: defaultdict(Counted))
    for kind, key, name, count, amount in rows:
        found[kind][key] = Counted(int(count), amount, name)
    return found


def _text(words: str) -> Value:
    return Value(words, output_field=CharField())


def _names() -> tuple[dict[tuple[str, int], str], list[dict[str, Any]]]:
    """Return the names of all services and plans, which are few, and those with prices to compute."""
    described: dict[str, tuple[Any, Any]] = {
        "service": (Service.objects, ("name", Value(0))),
        "plan": (Plan.objects, ("plan_type", "discount_percent")),
    }
    services, plans = (
        with_pending(rows.order_by(), kind).values_list(Value(kind), "pk", *name, "pending")
        for kind, (rows, name) in described.items()
    )
    names: dict[tuple[str, int], str] = {}
    pending: list[dict[str, Any]] = []
    for kind, pk, name, percent, is_pending in services.union(plans, all=True):
        text = name if kind == "service" else str(Plan(plan_type=name, discount_percent=percent))
        names[kind, pk] = text
        if is_pending:
            pending.append({"kind": kind, "id": pk, "name": text})
    return names, sorted(pending, key=lambda each: (each["kind"], each["id"]))


def _sales(sums: dict[str, Counted], names: dict[tuple[str, int], str]) -> dict[str, Any]:
    by: dict[tuple[str, int], list[Any]] = defaultdict(lambda: [0, 0])
    total: list[Any] = [0, 0]
    for key, (count, amount, _) in sums.items():
        for source in zip(("service", "plan"), map(int, key.split(":")), strict=True):
            by[source][0] += count
            by[source][1] += amount
        total[0] += count
        total[1] += amount
    most_first = sorted(by.items(), key=lambda each: (-each[1][1], each[0]))
    shown = {
        wanted: [
            {"id": pk, "name": names.get((kind, pk), ""), "count": count, "amount": float(amount)}
            for (kind, pk), (count, amount) in most_first
            if kind == wanted and count
        ][:MAX_BARS]
        for wanted in ("service", "plan")
    }
    return {
        "count": total[0],
        "amount": float(total[1]),
        "services": shown["service"],
        "plans": shown["plan"],
    }


def _prices(names: dict[tuple[str, int], str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the recalculations, those that run first, and the last changes that hold, the latest first."""
    runs = Recalculation.objects.order_by(F("finished_at").desc(nulls_first=True), "-pk")
    changes = PriceChange.objects.filter(applied_at__isnull=False).order_by("-effective_from", "-pk")
    shown_runs = runs.values_list(
        "pk", "service", "plan", "done", "total", "finished_at", Value(""), Value("")
    )
    shown_changes = changes.values_list(
        *(NO_NUMBER, "service", "plan", "value", NO_NUMBER, "effective_from", "user__username", "via")
    )
    recalculations, price_changes = [], []
    rows = shown_runs[:MAX_RECALCULATIONS].union(shown_changes[:MAX_CHANGES], all=True)
    for pk, service, plan, number, total, moment, user, via in rows:
        kind, source = ("service", service) if service else ("plan", plan)
        row: dict[str, Any] = {"kind": kind, "name": names.get((kind, source), "")}
        if pk is not None:
            ended = moment and moment.isoformat()
            recalculations.append(row | {"id": pk, "done": int(number), "total": total, "finished_at": ended})
            continue
        row |= {"id": source, "value": float(number), "effective_from": moment.isoformat()}
        price_changes.append(row | {"user_name": user, "via": via})
    # A union has no order of its own.
    recalculations.sort(key=lambda row: (row["finished_at"] is None, row["finished_at"] or "", row["id"]))
    price_changes.sort(key=lambda row: row["effective_from"])
    return recalculations[::-1], price_changes[::-1]


def _best_rated() -> list[dict[str, Any]]:
    rows = CourseStats.objects.filter(course__is_published=True, rating__gt=0).order_by("-rating", "-course")
    return [
        {"id": pk, "title": title, "rating": float(rating), "students": students}
        for pk, title, rating, students in rows.values_list(
            "course", "course__title", "rating", "students_count"
        )[:MAX_BARS]
    ]


def _overdue(lists: dict[str, Counted]) -> dict[str, Any]:
    most_first = sorted(lists.items(), key=lambda each: (-each[1].number, int(each[0])))
    return {
        "count": sum(each.number for each in lists.values()),
        "lists": [
            {"id": int(pk), "name": counted.name, "count": counted.number}
            for pk, counted in most_first[:MAX_BARS]
        ],
    }


def _events() -> list[dict[str, Any]]:
    """Return the newest changes by users. What one action did to many rows is one event."""
    newest = LogEntry.objects.order_by("-pk").values("pk")[:MAX_ENTRIES]
    entries = LogEntry.objects.filter(pk__in=newest).annotate(second=TruncSecond("action_time"))
    same = ("user", "content_type", "action_flag", "change_message", "second")
    grouped = entries.order_by().values(*same).annotate(last=Max("pk"), number=Count("pk")).order_by("-last")
    numbers = dict(grouped.values_list("last", "number")[:MAX_EVENTS])
    rows = LogEntry.objects.filter(pk__in=numbers).order_by("-pk")
    events = rows.values(
        *("id", "action_time", "action_flag", "object_id", "object_repr", "change_message"),
        user_name=F("user__username"),
        app=F("content_type__app_label"),
        model=F("content_type__model"),
    )
    return [
        event | {"action_time": event["action_time"].isoformat(), "others": numbers[event["id"]] - 1}
        for event in events
    ]
