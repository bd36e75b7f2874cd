"""Every address of the project, with rows behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, get_resolver

from clients.models import Client
from courses.models import Course, Enrollment, Lesson, Module, Review
from services.models import Plan, Service, Subscription
from tasks.models import Task, TaskList
from tests.courses import factories
from topics.models import Topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.contrib.auth.models import User

PK = 1
UUID = "11111111-1111-4111-8111-111111111111"
# The value of each part of an address, by the part's name; PK for the others.
PARTS = {"uuid": UUID, "key": "v1:categories", "url": "nothing", "app_label": "courses", "format": "json"}
PART = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


def make_rows(user: User) -> None:
    """Make one row of each kind, with the id that PARTS and PK name; the user owns them."""
    category = factories.CategoryFactory(pk=PK)
    course = Course.objects.create(pk=PK, title="Course", category=category)
    module = Module.objects.create(pk=PK, course=course, title="Module")
    Lesson.objects.create(pk=PK, module=module, title="Lesson")
    enrollment = Enrollment.objects.create(pk=PK, user=user, course=course)
    Review.objects.create(pk=PK, user=user, course=course, rating=5)
    factories.CertificateFactory(pk=PK, uuid=UUID, enrollment=enrollment)
    _make_subscription(user)
    Topic.objects.update_or_create(pk=PK, defaults={"name": "Topic", "created_by": user})
    tasks = TaskList.objects.create(pk=PK, name="List", owner=user)
    Task.objects.create(pk=PK, task_list=tasks, name="Task", assigned_to=user)


def _make_subscription(user: User) -> None:
    client = Client.objects.create(pk=PK, user=user, company_name="Company", full_address="Address")
    service = Service.objects.create(pk=PK, name="Service", full_price=10)
    plan = Plan.objects.create(pk=PK, plan_type="full", discount_percent=0)
    Subscription.objects.create(pk=PK, client=client, service=service, plan=plan)


def every_address() -> list[str]:
    """Return every address of the URLconf, the admin's included."""
    found = {fill(route) for route in _routes(get_resolver().url_patterns)}
    return sorted(found)


def fill(route: str) -> str:
    """Return the address of a route (Django's or OpenAPI's), for the rows that ``make_rows`` makes."""
    route = route.replace("{", "<").replace("}", ">").lstrip("/")
    filled = PART.sub(lambda part: str(PARTS.get(part[1] or part[2], PK)), route)
    return "/" + filled.replace("^", "").replace("$", "").replace("\\", "")


def _routes(patterns: Iterable[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from _routes(pattern.url_patterns, route)
