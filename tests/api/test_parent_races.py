"""Every foreign key of the project: its parent is deleted while rows that refer to it are written.

Thirty requests at once, over the API and the admin's pages: each is done or refused, none fails, and no row
is left without its parent. A new foreign key needs a race here, or a reason why no request writes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count, cycle
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.verification import make_token
from config.environment import ROOT
from messaging.telegram.linking import issue_link_token
from tests.clients.factories import ClientFactory
from tests.courses import factories as courses
from tests.factories import UserFactory
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory
from tests.support.threads import at_once
from tests.tasks.factories import TaskFactory, TaskListFactory
from tests.topics.factories import TopicFactory

WRITES, DELETIONS = 25, 5
DONE_OR_REFUSED = {200, 201, 202, 204, 302, 400, 401, 403, 404, 409}
API = "/api/v1/"
BOT = {"X-Telegram-Bot-Api-Secret-Token": "secret"}
NO_LESSONS = {"lessons-TOTAL_FORMS": 0, "lessons-INITIAL_FORMS": 0}
Call = Callable[[], int]

NOT_WRITTEN_BY_REQUESTS = {
    "courses.CourseStats.course": "the trigger of the course's INSERT writes it",
    "services.Recalculation.service": "workers write it, under the service's lock",
    "services.Recalculation.plan": "workers write it, under the plan's lock",
}


def send(user: User | None, method: str, path: str, body: Any = None, **headers: str) -> Call:
    """Return a call that sends a request of the API."""

    def call() -> int:
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(user)
        return getattr(client, method)(API + path, body, format="json", headers=headers).status_code

    return call


def submit(user: User, path: str, form: Any) -> Call:
    """Return a call that posts a form of the admin."""

    def call() -> int:
        browser = Browser(raise_request_exception=False)
        browser.force_login(user)
        return browser.post(f"/admin/{path}", form).status_code

    return call


def delete_user(admin: User, user: User) -> Call:
    return submit(admin, f"auth/user/{user.pk}/delete/", {"post": "yes"})


def by_user(method: str, path: str, body: Any = None) -> Callable[[User], tuple[Call, Call]]:
    """Return a race of one user's requests with the deletion of that user."""

    def race(admin: User) -> tuple[Call, Call]:
        user = UserFactory(verified=False)
        return send(user, method, path, body), delete_user(admin, user)

    return race


def token(admin: User) -> tuple[Call, Call]:
    user = User.objects.create_user("anna", password="a password of hers")
    body = {"username": "anna", "password": "a password of hers"}
    return send(None, "post", "auth/token/", body), delete_user(admin, user)


def telegram(admin: User) -> tuple[Call, Call]:
    user = UserFactory()
    body = {"code": issue_link_token(user=user), "telegram_id": 700_000_001}
    return send(None, "post", "auth/telegram/confirm/", body, **BOT), delete_user(admin, user)


def verified_email(admin: User) -> tuple[Call, Call]:
    user = UserFactory(verified=False)
    return send(None, "post", "auth/email/verify/", {"token": make_token(user)}), delete_user(admin, user)


def category(admin: User) -> tuple[Call, Call]:
    pk = courses.CategoryFactory().pk
    body = {"title": "New", "category": pk}
    return send(admin, "post", "courses/", body), send(admin, "delete", f"categories/{pk}/")


def module(admin: User) -> tuple[Call, Call]:
    pk = courses.CourseFactory().pk
    form = {"course": pk, "title": "New", "position": 0, **NO_LESSONS}
    return submit(admin, "courses/module/add/", form), send(admin, "delete", f"courses/{pk}/")


def lesson(admin: User) -> tuple[Call, Call]:
    pk = courses.ModuleFactory().pk
    form = {"module": pk, "title": "New", "position": 0}
    delete = submit(admin, f"courses/module/{pk}/delete/", {"post": "yes"})
    return submit(admin, "courses/lesson/add/", form), delete


def enrolling_user(admin: User) -> tuple[Call, Call]:
    user = UserFactory()
    return send(user, "post", f"courses/{courses.CourseFactory().pk}/enroll/"), delete_user(admin, user)


def enrolled_course(admin: User) -> tuple[Call, Call]:
    pk = courses.CourseFactory().pk
    return send(UserFactory(), "post", f"courses/{pk}/enroll/"), send(admin, "delete", f"courses/{pk}/")


def review(admin: User) -> tuple[Call, Call, User, int]:
    enrollment = courses.EnrollmentFactory()
    path = f"courses/{enrollment.course_id}/"
    write = send(enrollment.user, "post", f"{path}reviews/", {"rating": 4})
    return write, send(admin, "delete", path), enrollment.user, enrollment.pk


def reviewing_user(admin: User) -> tuple[Call, Call]:
    write, _, user, _ = review(admin)
    return write, delete_user(admin, user)


def reviewed_course(admin: User) -> tuple[Call, Call]:
    write, delete, _, enrollment = review(admin)
    leave = submit(admin, f"courses/enrollment/{enrollment}/delete/", {"post": "yes"})

    def leave_and_delete() -> int:
        return max(leave(), delete())

    return write, leave_and_delete


def certificate(admin: User) -> tuple[Call, Call]:
    enrollment = courses.EnrollmentFactory(completed_at=timezone.now())
    path = f"courses/{enrollment.course_id}/"
    leave = send(enrollment.user, "delete", f"{path}enroll/")
    return send(enrollment.user, "post", f"{path}complete/"), leave


def subscription(parent: str) -> Callable[[User], tuple[Call, Call]]:
    """Return a race of subscriptions that are made or moved, with the deletion of a parent."""

    def race(admin: User) -> tuple[Call, Call]:
        kinds = {"client": ClientFactory, "service": ServiceFactory, "plan": PlanFactory}
        ids = {name: factory().pk for name, factory in kinds.items()}
        add = send(admin, "post", "subscriptions/", ids)
        row = SubscriptionFactory()
        move = send(admin, "patch", f"subscriptions/{row.pk}/", {parent: ids[parent]})

        def add_and_move() -> int:
            return max(add(), move())

        return add_and_move, send(admin, "delete", f"{parent}s/{ids[parent]}/")

    return race


def client(admin: User) -> tuple[Call, Call]:
    user = UserFactory()
    body = {"user": user.pk, "company_name": "x", "full_address": "x"}
    return send(admin, "post", "clients/", body), delete_user(admin, user)


def subscribed_topic(admin: User) -> tuple[Call, Call]:
    pk = TopicFactory().pk
    return send(UserFactory(), "post", f"topics/{pk}/subscribe/"), send(admin, "delete", f"topics/{pk}/")


def subscribing_user(admin: User) -> tuple[Call, Call]:
    user = UserFactory()
    return send(user, "post", f"topics/{TopicFactory().pk}/subscribe/"), delete_user(admin, user)


def shared_list(admin: User) -> tuple[Call, Call]:
    tasks = TaskListFactory()
    path, body = f"lists/{tasks.pk}/", {"members": [UserFactory().pk]}
    return send(tasks.owner, "patch", path, body), send(tasks.owner, "delete", path)


def member(admin: User) -> tuple[Call, Call]:
    tasks, user = TaskListFactory(), UserFactory()
    write = send(tasks.owner, "patch", f"lists/{tasks.pk}/", {"members": [user.pk]})
    return write, delete_user(admin, user)


def task(admin: User) -> tuple[Call, Call]:
    tasks = TaskListFactory()
    path = f"lists/{tasks.pk}/"
    return send(tasks.owner, "post", f"{path}tasks/", {"name": "New"}), send(tasks.owner, "delete", path)


def assignee(admin: User) -> tuple[Call, Call]:
    row, user = TaskFactory(), UserFactory()
    row.task_list.members.add(user)
    write = send(row.task_list.owner, "patch", f"tasks/{row.pk}/", {"assigned_to": user.pk})
    return write, delete_user(admin, user)


def signing_in(admin: User) -> tuple[Call, Call]:
    user = User.objects.create_user("anna", password="a password of hers")

    def sign_in() -> int:
        form = {"username": "anna", "password": "a password of hers"}
        return Browser(raise_request_exception=False).post("/accounts/login/", form).status_code

    return sign_in, delete_user(admin, user)


def completed_lesson(admin: User) -> tuple[Call, Call]:
    row = courses.LessonFactory()
    learner = courses.EnrollmentFactory(course=row.module.course).user
    delete = submit(admin, f"courses/lesson/{row.pk}/delete/", {"post": "yes"})
    return send(learner, "post", f"lessons/{row.pk}/complete/"), delete


def completing_learner(admin: User) -> tuple[Call, Call]:
    row = courses.LessonFactory()
    learner = courses.EnrollmentFactory(course=row.module.course).user
    leave = send(learner, "delete", f"courses/{row.module.course_id}/enroll/")
    return send(learner, "post", f"lessons/{row.pk}/complete/"), leave


def scheduled(parent: str, path: str, field: str) -> Callable[[User], tuple[Call, Call]]:
    """Return a race of scheduled changes with the deletion of their service or plan."""

    def race(admin: User) -> tuple[Call, Call]:
        pk = {"service": ServiceFactory, "plan": PlanFactory}[parent]().pk
        moments = count(1)

        def schedule() -> int:
            body = {field: 5, "effective_from": f"2100-01-01T00:00:{next(moments):02}Z"}
            return send(admin, "post", f"{parent}s/{pk}/{path}/", body)()

        return schedule, send(admin, "delete", f"{parent}s/{pk}/")

    return race


def pricing_user(admin: User) -> tuple[Call, Call]:
    user, service = UserFactory(is_superuser=True), ServiceFactory()
    prices = count(1)

    def price() -> int:
        return send(user, "patch", f"services/{service.pk}/", {"full_price": next(prices)})()

    return price, delete_user(admin, user)


def moving(parent: str) -> Callable[[User], tuple[Call, Call]]:
    """Return a race of moves of a subscription with the deletion of what it leaves, or of itself."""

    def race(admin: User) -> tuple[Call, Call]:
        row, user = SubscriptionFactory(), UserFactory(is_superuser=True)
        plans = cycle([PlanFactory().pk, row.plan_id])

        def move() -> int:
            body = {"plan": next(plans), "service": ServiceFactory().pk}
            return send(user, "patch", f"subscriptions/{row.pk}/", body)()

        deletions = {
            "subscription": send(admin, "delete", f"subscriptions/{row.pk}/"),
            "service": send(admin, "delete", f"services/{row.service_id}/"),
            "plan": send(admin, "delete", f"plans/{row.plan_id}/"),
            "user": delete_user(admin, user),
        }
        return move, deletions[parent]

    return race


RACES: dict[str, Callable[[User], tuple[Call, Call]]] = {
    "accounts.AccessToken.user": token,
    "accounts.Session.user": signing_in,
    "messaging.LinkToken.user": by_user("post", "auth/telegram/link/"),
    "messaging.TelegramAccount.user": telegram,
    "messaging.VerifiedEmail.user": verified_email,
    "messaging.OutgoingMessage.user": by_user("post", "auth/email/send/"),
    "courses.Course.category": category,
    "courses.Module.course": module,
    "courses.Lesson.module": lesson,
    "courses.Enrollment.user": enrolling_user,
    "courses.Enrollment.course": enrolled_course,
    "courses.LessonCompletion.enrollment": completing_learner,
    "courses.LessonCompletion.lesson": completed_lesson,
    "courses.Review.user": reviewing_user,
    "courses.Review.course": reviewed_course,
    "courses.Certificate.enrollment": certificate,
    "clients.Client.user": client,
    "services.Subscription.client": subscription("client"),
    "services.Subscription.service": subscription("service"),
    "services.Subscription.plan": subscription("plan"),
    "services.PriceChange.service": scheduled("service", "prices", "full_price"),
    "services.PriceChange.plan": scheduled("plan", "discounts", "discount_percent"),
    "services.PriceChange.user": pricing_user,
    "services.SubscriptionMove.subscription": moving("subscription"),
    "services.SubscriptionMove.service": moving("service"),
    "services.SubscriptionMove.plan": moving("plan"),
    "services.SubscriptionMove.user": moving("user"),
    "topics.Topic.created_by": by_user("post", "topics/", {"name": "New"}),
    "topics.TopicSubscription.topic": subscribed_topic,
    "topics.TopicSubscription.user": subscribing_user,
    "topics.TopicActivity.topic": subscribed_topic,
    "tasks.TaskList.owner": by_user("post", "lists/", {"name": "New"}),
    "tasks.TaskList_members.tasklist": shared_list,
    "tasks.TaskList_members.user": member,
    "tasks.Task.task_list": task,
    "tasks.Task.assigned_to": assignee,
}


def foreign_keys() -> dict[str, Any]:
    """Return the fields that refer to a row, of every model in a room of the project."""
    rooms = {path.name for path in ROOT.iterdir()} - {"tests"}
    return {
        f"{model._meta.label}.{field.name}": field
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.partition(".")[0] in rooms
        for field in model._meta.concrete_fields
        if field.remote_field
    }


def orphans(field: Any) -> int:
    """Return how many rows refer to a row that is not there, where they may not (``db_constraint``)."""
    if not field.db_constraint:
        return 0
    rows = field.model._default_manager.exclude(**{field.name: None})
    return rows.exclude(**{f"{field.attname}__in": field.related_model._default_manager.values("pk")}).count()


def test_every_foreign_key_has_its_race():
    assert set(foreign_keys()) == set(RACES) | set(NOT_WRITTEN_BY_REQUESTS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", RACES)
def test_a_parent_deleted_while_it_gets_a_child(name, settings):
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    settings.TELEGRAM_WEBHOOK_SECRET = "secret"
    write, delete = RACES[name](User.objects.create_superuser("admin-of-all", "admin@example.com"))
    per_deletion = [write] * (WRITES // DELETIONS)
    statuses = Counter(at_once(*[call for _ in range(DELETIONS) for call in (*per_deletion, delete)]))
    assert set(statuses) <= DONE_OR_REFUSED, statuses
    assert orphans(foreign_keys()[name]) == 0
