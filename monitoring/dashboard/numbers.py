"""The dashboard's numbers from the database, in seven statements, none of which reads a large table whole.

It is the load of a cached value (monitoring/cache.py): the same for every viewer.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import LogEntry
from django.db.models import Count, F, Q, Sum, Value
from django.utils import timezone

from courses.models import CourseStats
from messaging.models import OutgoingMessage
from monitoring.models import DashboardSum
from services.models import Plan, Recalculation, Service
from services.recalculation import with_oldest
from tasks.models import Task
from tasks.selectors import overdue

if TYPE_CHECKING:
    from django.db.models import QuerySet

WEEKS = 12
MAX_BARS = 8
MAX_EVENTS = 12
MAX_CHANGES = 5
MAX_RECALCULATIONS = 5
WEEKLY = (DashboardSum.Kind.SUBSCRIBED, DashboardSum.Kind.ENROLLED, DashboardSum.Kind.COMPLETED)
State = OutgoingMessage.State
UNDELIVERED = (State.PENDING, State.SENDING, State.UNCERTAIN, State.GIVEN_UP)
PRICED = Q(content_type__app_label="services", content_type__model__in=["service", "plan"])


def load() -> dict[str, Any]:
    """Return what the dashboard shows of the database."""
    weeks = _last_weeks()
    sums = _sums(weeks)
    names, pending = _names()
    events = _events()
    return {
        "sales": _sales(sums[DashboardSum.Kind.SOLD], names),
        "weeks": weeks,
        **{kind: [sums[kind].get(week, (0, 0))[0] for week in weeks] for kind in WEEKLY},
        "pending": pending,
        "recalculations": _recalculations(names),
        "best_rated": _best_rated(),
        "overdue": _overdue(),
        "undelivered": _undelivered(),
        "price_changes": events["changes"],
        "events": events["events"],
    }


def _last_weeks() -> list[str]:
    today = timezone.now().date()
    monday = today - timedelta(days=today.weekday())
    return [str(monday - timedelta(weeks=age)) for age in range(WEEKS - 1, -1, -1)]


def _sums(weeks: list[str]) -> dict[str, dict[str, tuple[int, Any]]]:
    """Return the number and the amount of each key, by kind."""
    shown = Q(kind=DashboardSum.Kind.SOLD) | Q(kind__in=WEEKLY, key__gte=weeks[0])
    rows = DashboardSum.objects.filter(shown).values_list("kind", "key")
    found: dict[str, dict[str, tuple[int, Any]]] = defaultdict(dict)
    for kind, key, count, amount in rows.annotate(n=Sum("count"), a=Sum("amount")):
        found[kind][key] = count, amount
    return found


def _names() -> tuple[dict[tuple[str, int], str], list[dict[str, Any]]]:
    """Return the names of all services and plans, which are few, and those with prices to compute."""
    described: dict[str, tuple[Any, Any]] = {
        "service": (Service.objects, ("name", Value(0))),
        "plan": (Plan.objects, ("plan_type", "discount_percent")),
    }
    services, plans = (
        with_oldest(rows.order_by(), kind).values_list(Value(kind), "pk", *name, "revision", "oldest")
        for kind, (rows, name) in described.items()
    )
    names, pending = {}, []
    for kind, pk, name, percent, revision, oldest in services.union(plans, all=True):
        text = name if kind == "service" else str(Plan(plan_type=name, discount_percent=percent))
        names[kind, pk] = text
        if oldest is not None and oldest < revision:
            pending.append({"kind": kind, "id": pk, "name": text})
    return names, sorted(pending, key=lambda each: (each["kind"], each["id"]))


def _sales(sums: dict[str, tuple[int, Any]], names: dict[tuple[str, int], str]) -> dict[str, Any]:
    by: dict[tuple[str, int], list[Any]] = defaultdict(lambda: [0, 0])
    total: list[Any] = [0, 0]
    for key, (count, amount) in sums.items():
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


def _recalculations(names: dict[tuple[str, int], str]) -> list[dict[str, Any]]:
    """Return those that run, then the newest of the others."""
    rows = Recalculation.objects.order_by(F("finished_at").desc(nulls_first=True), "-pk")
    return [
        {
            "id": row["id"],
            "name": names.get(("service", row["service"]) if row["service"] else ("plan", row["plan"]), ""),
            "done": row["done"],
            "total": row["total"],
            "finished_at": row["finished_at"] and row["finished_at"].isoformat(),
        }
        for row in rows.values("id", "service", "plan", "done", "total", "finished_at")[:MAX_RECALCULATIONS]
    ]


def _best_rated() -> list[dict[str, Any]]:
    rows = CourseStats.objects.filter(course__is_published=True, rating__gt=0).order_by("-rating", "-course")
    return [
        {"id": pk, "title": title, "rating": float(rating), "students": students}
        for pk, title, rating, students in rows.values_list(
            "course", "course__title", "rating", "students_count"
        )[:MAX_BARS]
    ]


def _overdue() -> dict[str, Any]:
    late = Task.objects.filter(overdue(timezone.now())).order_by().values("task_list", "task_list__name")
    rows = late.annotate(n=Count("pk")).order_by("-n", "task_list")
    lists = [{"id": row["task_list"], "name": row["task_list__name"], "count": row["n"]} for row in rows]
    return {"count": sum(each["count"] for each in lists), "lists": lists[:MAX_BARS]}


def _undelivered() -> dict[str, int]:
    rows = OutgoingMessage.objects.filter(state__in=UNDELIVERED).order_by().values_list("state")
    return dict.fromkeys(map(str, UNDELIVERED), 0) | dict(rows.annotate(n=Count("pk")))


def _events() -> dict[str, list[dict[str, Any]]]:
    """Return the newest changes, and the newest changes of services and plans."""
    entries = LogEntry.objects.order_by("-pk")
    newest = _described(entries)[:MAX_EVENTS]
    prices = _described(entries.filter(PRICED))[:MAX_CHANGES]
    rows = list(newest.union(prices).order_by("-id"))
    for row in rows:
        row["action_time"] = row["action_time"].isoformat()
    about_prices = [row for row in rows if row["app"] == "services" and row["model"] in {"service", "plan"}]
    return {"events": rows[:MAX_EVENTS], "changes": about_prices[:MAX_CHANGES]}


def _described(entries: QuerySet[LogEntry]) -> Any:
    return entries.values(
        *("id", "action_time", "action_flag", "object_id", "object_repr", "change_message"),
        user_name=F("user__username"),
        app=F("content_type__app_label"),
        model=F("content_type__model"),
    )
