"""Requests to the demo data: for each operation and status one, of which the schema shows the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from rest_framework.test import APIClient

from accounts.actions import issue_access_token
from accounts.verification import make_token
from clients.models import Client
from courses.models import Category, Course, Enrollment, Lesson, LessonCompletion, Module
from devtools.demo.plan import PUBLIC_PASSWORD
from messaging.models import TelegramAccount, VerifiedEmail
from messaging.telegram import linking
from messaging.telegram.bot import SECRET_HEADER
from monitoring import cache_keys
from services.models import Plan, PriceChange, Service, Subscription
from tasks.models import Task, TaskList
from tests.support.telegram import SECRET
from tests.support.waiting import until
from topics.models import Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = {"page": 1, "page_size": 2}
TELEGRAM_ID = 700_000_001
NEXT_YEAR = "2035-01-01T00:00:00Z"
PASSWORD = "a-long-and-odd-pass"
UKRAINIAN = {"Accept-Language": "uk"}


@dataclass
class Ask:
    """A request.

    Attributes:
        operation: its operation id.
        path: the parameters of its address.
        user: the username of who asks; None for no one.
        before: what has to be there first. It returns values for the attributes that depend on it.
        recorded: whether the answer's transaction wrote an entry of the history.
    """

    operation: str
    path: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    user: str | None = "admin"
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], dict[str, Any]] = dict
    with_session: bool = False
    content_type: str = "application/json"
    recorded: bool = False


def requests() -> Iterator[Ask]:
    """Yield the requests. Each is made on the demo data as they are, whatever another one changes."""
    yield Ask("index", user=None)
    yield from _auth()
    yield from _me()
    yield from _catalogue()
    yield from _outline()
    yield from _learning()
    yield from _services()
    yield from _subscriptions()
    yield from _tasks()
    yield from _topics()
    yield from _cache()


def problems() -> Iterator[tuple[str, Ask]]:
    """Yield a request for each status of a problem."""
    task = Task.objects.first()
    yield "400", Ask("courses_top", query={"limit": "x"})
    yield "401", Ask("me_retrieve", user=None)
    yield "403", Ask("clients_create", body={}, user="student1")
    yield "404", Ask("tasks_retrieve", {"id": 999_999})
    yield "409", Ask("courses_complete", {"id": _in_progress().course_id}, user="student1")
    yield (
        "412",
        Ask(
            "tasks_update",
            {"id": task.pk},
            {"name": task.name},
            user=task.task_list.owner.username,
            headers={"If-Match": '"0123456789abcdef0123456789abcdef"'},
        ),
    )
    wrong = {"username": "student1", "password": "a guess"}
    yield "429", Ask("auth_token", body=wrong, user=None, before=_guess_often)
    yield "default", Ask("topics_create", body="name=Redis", content_type="text/plain")


def _guess_often() -> dict[str, Any]:
    for number in range(10):
        APIClient().post("/api/v1/auth/token/", {"username": "student1", "password": str(number)}, "json")
    return {}


def _student() -> User:
    return User.objects.get(username="student1")


def _in_progress() -> Enrollment:
    return _student().enrollments.filter(completed_at=None, completions__isnull=False).order_by("pk").first()


def _lessons(enrollment: Enrollment, *, completed: bool) -> list[Lesson]:
    lessons = Lesson.objects.filter(module__course=enrollment.course_id).order_by(
        "module__position", "position"
    )
    done = enrollment.completions.values("lesson")
    return list(lessons.filter(pk__in=done) if completed else lessons.exclude(pk__in=done))


def _auth() -> Iterator[Ask]:
    student = "student1"
    registration = {"username": "newcomer", "email": "newcomer@example.com", "first_name": "Nina"}
    passwords = {"password": PASSWORD, "confirm_password": PASSWORD}
    yield Ask("auth_register", body=registration | passwords, user=None, headers=UKRAINIAN)
    yield Ask("auth_token", body={"username": student, "password": PUBLIC_PASSWORD}, user=None)
    yield Ask("auth_logout", user=student)
    yield Ask("auth_email_send", user=student, headers=UKRAINIAN)
    yield Ask("auth_email_verify", user=None, before=_unverified)
    change = {"current_password": PUBLIC_PASSWORD, "new_password": PASSWORD}
    yield Ask("auth_password_change", body=change, user=student, headers=UKRAINIAN)
    yield Ask("auth_password_reset", body={"email": "student1@example.com"}, user=None, headers=UKRAINIAN)
    yield Ask("auth_password_reset_confirm", user=None, headers=UKRAINIAN, before=_reset_link)
    yield Ask("auth_sessions_list", query=PAGE, user=student, with_session=True)
    yield Ask("auth_sessions_destroy_others", user=student, with_session=True)
    yield Ask("auth_sessions_destroy", user=student, with_session=True, before=_own_session)
    yield Ask("auth_tokens_list", query=PAGE, user=student)
    yield Ask("auth_tokens_destroy", user=student, before=_own_token)
    yield Ask("auth_tokens_destroy_all", user=student)
    bot = {SECRET_HEADER: SECRET}
    yield Ask("auth_telegram_link_create", user=student)
    yield Ask("auth_telegram_link_destroy", user=student)
    yield Ask("auth_telegram_confirm", user=None, headers=bot, before=_linking)
    person = {"id": TELEGRAM_ID, "is_bot": False, "first_name": "Nina", "language_code": "en"}
    chat = {"id": TELEGRAM_ID, "first_name": "Nina", "type": "private"}
    message = {"message_id": 11, "from": person, "chat": chat, "date": 1_900_000_000, "text": "/help"}
    update = {"update_id": 1, "message": message}
    yield Ask("telegram_webhook", body=update, user=None, headers=bot)


def _unverified() -> dict[str, Any]:
    VerifiedEmail.objects.filter(user=_student()).delete()
    return {"body": {"token": make_token(_student())}}


def _reset_link() -> dict[str, Any]:
    user = _student()
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    return {"body": {"uid": uid, "token": token, "new_password": PASSWORD}}


def _own_session() -> dict[str, Any]:
    client = APIClient()
    client.force_login(_student())
    return {"path": {"public_id": client.get("/api/v1/auth/sessions/").json()["results"][0]["id"]}}


def _own_token() -> dict[str, Any]:
    issue_access_token(user=_student())
    return {"path": {"id": _student().access_tokens.first().pk}}


def _linking() -> dict[str, Any]:
    return {"body": {"code": linking.issue_link_token(user=_student()), "telegram_id": TELEGRAM_ID}}


def _linked() -> dict[str, Any]:
    TelegramAccount.objects.create(user=_student(), telegram_id=TELEGRAM_ID)
    return {}


def _me() -> Iterator[Ask]:
    student = _student()
    more: dict[str, Any] = {"user": "student1"}
    yield Ask("me_retrieve", before=_linked, **more)
    yield Ask("me_partial_update", body={"first_name": "Nina"}, headers=UKRAINIAN, **more)
    yield Ask("me_destroy", body={"password": PUBLIC_PASSWORD}, **more)
    yield Ask("me_export", **more)
    yield Ask("me_certificates_list", query=PAGE, **more)
    course = student.enrollments.filter(certificate__isnull=False).first().course_id
    yield Ask("me_enrollments_list", query={"course": course, **PAGE}, **more)
    yield Ask("me_reviews_list", query=PAGE, **more)
    review = {"id": student.reviews.order_by("pk").first().pk}
    yield Ask("me_reviews_retrieve", review, **more)
    yield Ask("me_reviews_update", review, {"rating": 5, "text": "Clear and useful."}, **more)
    yield Ask("me_reviews_partial_update", review, {"rating": 4}, **more)
    yield Ask("me_reviews_destroy", review, **more)
    yield Ask("user_retrieve", {"id": student.pk}, **more)
    yield Ask("users_list", query={"search": "student1", **PAGE}, **more)


def _catalogue() -> Iterator[Ask]:
    course = _in_progress().course
    row = {"id": course.pk}
    some = {
        "category": course.category_id,
        "min_rating": 1,
        "order": "-rating",
        "search": course.title.split()[0],
    }
    yield Ask("courses_list", query={**some, **PAGE}, user=None)
    yield Ask("courses_top", query={"limit": 2, "order": "-rating"}, user=None)
    new = {"title": "Typography", "description": "How letters are set.", "category": course.category_id}
    yield Ask("courses_create", body=new | {"is_published": False})
    yield Ask("courses_retrieve", row, user=None)
    yield Ask("courses_update", row, new | {"is_published": True})
    yield Ask("courses_partial_update", row, {"is_published": False})
    yield Ask("courses_destroy", before=_with(Course, title="Typography"))
    yield Ask("categories_list", user=None)
    yield Ask("categories_create", body={"name": "Design"})
    yield Ask("categories_retrieve", {"id": course.category_id}, user=None)
    yield Ask("categories_update", {"id": course.category_id}, {"name": "Design"})
    yield Ask("categories_partial_update", {"id": course.category_id}, {"name": "Design"})
    yield Ask("categories_destroy", before=_with(Category, name="Design"))


def _with(model: Any, **values: Any) -> Callable[[], dict[str, Any]]:
    """Return what adds a row, which the request is about."""
    return lambda: {"path": {"id": model.objects.create(**values).pk}}


def _outline() -> Iterator[Ask]:
    course = _in_progress().course
    modules = list(Module.objects.filter(course=course).order_by("position"))
    module = modules[0]
    lesson = module.lessons.order_by("position").first()
    texts = {"title": "Questions", "description": "What learners ask."}
    content = {"title": "Questions", "content": "What learners ask."}
    yield Ask("courses_modules_list", {"course_id": course.pk}, query=PAGE)
    yield Ask("courses_modules_create", {"course_id": course.pk}, texts)
    yield Ask("courses_modules_order_retrieve", {"course_id": course.pk})
    yield Ask("courses_modules_order_update", {"course_id": course.pk}, _reversed(modules))
    yield Ask("modules_retrieve", {"id": module.pk})
    yield Ask("modules_update", {"id": module.pk}, {"course": course.pk, **texts})
    yield Ask("modules_partial_update", {"id": module.pk}, {"title": "Questions"})
    yield Ask("modules_destroy", {"id": module.pk})
    yield Ask("modules_lessons_list", {"module_id": module.pk}, query=PAGE)
    yield Ask("modules_lessons_create", {"module_id": module.pk}, content)
    yield Ask("modules_lessons_order_retrieve", {"module_id": module.pk})
    order = _reversed(module.lessons.order_by("position"))
    yield Ask("modules_lessons_order_update", {"module_id": module.pk}, order)
    yield Ask("lessons_retrieve", {"id": lesson.pk})
    yield Ask("lessons_update", {"id": lesson.pk}, {"module": module.pk, **content})
    yield Ask("lessons_partial_update", {"id": lesson.pk}, {"title": "Questions"})
    yield Ask("lessons_destroy", {"id": lesson.pk})


def _reversed(rows: Any) -> dict[str, list[int]]:
    return {"ids": [row.pk for row in rows][::-1]}


def _learning() -> Iterator[Ask]:
    student, enrollment = _student(), _in_progress()
    row, more = {"id": enrollment.course_id}, {"user": "student1"}
    other = Course.objects.filter(is_published=True).exclude(enrollments__user=student).first()
    finished = student.enrollments.filter(certificate__isnull=False).first()
    certificate = {"uuid": finished.certificate.uuid}
    done, open_ = (_lessons(enrollment, completed=completed)[0] for completed in (True, False))
    yield Ask("courses_enroll", {"id": other.pk}, **more)
    yield Ask("courses_enroll", row, **more)
    yield Ask("courses_leave", row, **more)
    yield Ask("courses_lesson", {**row, "lesson_id": open_.pk}, **more)
    yield Ask("lessons_complete", {"id": open_.pk}, **more)
    yield Ask("lessons_complete", {"id": done.pk}, **more)
    yield Ask("lessons_reopen", {"id": done.pk}, **more)
    yield Ask("courses_complete", row, before=_complete_lessons, **more)
    yield Ask("courses_complete", {"id": finished.course_id}, **more)
    reviewed = Course.objects.filter(reviews__isnull=False).order_by("pk").first()
    yield Ask("courses_reviews_list", {"id": reviewed.pk}, query=PAGE, user=None)
    silent = student.enrollments.exclude(course__reviews__user=student).order_by("pk").first()
    review = {"rating": 5, "text": "Clear and useful."}
    yield Ask("courses_reviews_create", {"id": silent.course_id}, review, **more)
    yield Ask("certificates_retrieve", certificate, user=None)
    yield Ask("certificates_pdf", certificate, **more)


def _complete_lessons() -> dict[str, Any]:
    enrollment = _in_progress()
    LessonCompletion.objects.bulk_create(
        LessonCompletion(enrollment=enrollment, lesson=lesson)
        for lesson in _lessons(enrollment, completed=False)
    )
    return {}


def _services() -> Iterator[Ask]:
    service, plan = Service.objects.first(), Plan.objects.first()
    client = Client.objects.first()
    free = User.objects.filter(client=None, username__startswith="student").order_by("pk").first()
    company = {"user": free.pk, "company_name": "Lyon Academy", "full_address": "12 Main Street, Lyon"}
    own = company | {"user": client.user_id}
    yield Ask("clients_list", query={"search": client.company_name.split()[0], **PAGE})
    yield Ask("clients_create", body=company)
    yield Ask("clients_retrieve", {"id": client.pk})
    yield Ask("clients_update", {"id": client.pk}, own)
    yield Ask("clients_partial_update", {"id": client.pk}, {"full_address": "12 Main Street, Lyon"})
    yield Ask("clients_destroy", before=_with(Client, user=free, company_name="Lyon Academy"))
    yield Ask("services_list", query={"search": "lessons", **PAGE})
    yield from _source("services", service, {"name": "Workshops", "full_price": 320.5}, {"full_price": 320.5})
    yield Ask("services_destroy", before=_with(Service, name="Workshops", full_price=1))
    yield Ask("plans_list", query=PAGE)
    percent = {"discount_percent": 25}
    yield from _source("plans", plan, {"plan_type": "discount", **percent}, percent)
    yield Ask("plans_destroy", before=_with(Plan, plan_type="discount", discount_percent=25))
    yield from _schedule("services_prices", "service_id", service, {"full_price": 320.5})
    yield from _schedule("plans_discounts", "plan_id", plan, {"discount_percent": 25})
    yield Ask("services_history_list", {"service_id": service.pk}, query=PAGE)
    yield Ask("plans_history_list", {"plan_id": plan.pk}, query=PAGE)
    yield Ask("recalculations_list", query=PAGE)


def _source(name: str, row: Any, whole: dict[str, Any], part: dict[str, Any]) -> Iterator[Ask]:
    yield Ask(f"{name}_create", body=whole)
    yield Ask(f"{name}_retrieve", {"id": row.pk})
    yield Ask(f"{name}_update", {"id": row.pk}, whole)
    yield Ask(f"{name}_partial_update", {"id": row.pk}, part)


def _schedule(name: str, parameter: str, row: Any, value: dict[str, Any]) -> Iterator[Ask]:
    path = {parameter: row.pk}

    def scheduled() -> dict[str, Any]:
        [amount] = value.values()
        change = PriceChange.objects.create(
            **{parameter: row.pk}, value=amount, effective_from="2034-01-01T00:00:00Z"
        )
        return {"path": {**path, "uuid": change.pk}}

    def listed() -> dict[str, Any]:
        scheduled()
        return {}

    yield Ask(f"{name}_list", path, query=PAGE, before=listed)
    yield Ask(f"{name}_create", path, {"effective_from": NEXT_YEAR, **value})
    yield Ask(f"{name}_retrieve", before=scheduled)
    yield Ask(f"{name}_destroy", before=scheduled)


def _subscriptions() -> Iterator[Ask]:
    row = Subscription.objects.exclude(comment="").order_by("pk").first()
    path = {"id": row.pk}
    some = {
        "client": row.client_id,
        "service": row.service_id,
        "plan": row.plan_id,
        "plan_type": row.plan.plan_type,
        "region": row.region,
        "channel": row.channel,
        "comment": row.comment,
        "search": row.client.company_name.split()[0],
        "price_min": 1,
        "price_max": 5000,
        "price_status": "current",
        "order": "-price",
    }
    sold = {"client_id": row.client_id, "service_id": row.service_id, "plan_id": row.plan_id}
    words = {"comment": "renewed", "region": "north", "channel": "web"}
    yield Ask("subscriptions_list", query={**some, **PAGE})
    yield Ask("subscriptions_create", body=sold | words)
    yield Ask("subscriptions_retrieve", path)
    yield Ask("subscriptions_update", path, sold | words)
    yield Ask("subscriptions_partial_update", path, {"comment": "renewed"})
    yield Ask("subscriptions_destroy", path)
    yield Ask("subscriptions_prices_list", path, query={"as_of": NEXT_YEAR, **PAGE})
    yield Ask("subscriptions_recalculate", path)


def _tasks() -> Iterator[Ask]:
    mine = TaskList.objects.filter(owner=_student()).order_by("pk").first()
    task = mine.tasks.exclude(assigned_to=None).filter(status="pending").order_by("pk").first()
    done = mine.tasks.filter(status="completed").order_by("pk").first()
    member = mine.members.order_by("pk").first()
    stranger = User.objects.exclude(pk__in=mine.members.all()).filter(username__startswith="student2").last()
    team, of_list, of_task, more = (
        {"name": "Open day"},
        {"id": mine.pk},
        {"id": task.pk},
        {"user": "student1"},
    )
    new = {"name": "Order catering", "description": "For 40 guests.", "assigned_to": member.pk}
    new |= {"deadline": NEXT_YEAR, "repeat": "monthly"}
    some = {
        "assigned_to": task.assigned_to_id,
        "status": "pending",
        "overdue": False,
        "deadline_from": "2020-01-01T00:00:00Z",
        "deadline_to": NEXT_YEAR,
        "search": task.name.split()[0],
        "order": "deadline",
        **PAGE,
    }
    yield Ask("lists_list", query={"search": mine.name.split()[0], "order": "name", **PAGE}, **more)
    yield Ask("lists_create", body={**team, "members": [member.pk]}, **more)
    yield Ask("lists_retrieve", of_list, **more)
    yield Ask("lists_update", of_list, {**team, "members": [member.pk]}, **more)
    yield Ask("lists_partial_update", of_list, team, **more)
    yield Ask("lists_destroy", of_list, **more)
    yield Ask("lists_members_list", of_list, query=PAGE, **more)
    yield Ask("lists_members_create", of_list, {"username": stranger.username}, **more)
    yield Ask("lists_members_create", of_list, {"username": member.username}, **more)
    yield Ask("lists_members_destroy", {**of_list, "user_id": member.pk}, **more)
    yield Ask("lists_hand_over", of_list, {"username": member.username}, **more)
    yield Ask("lists_tasks_list", of_list, query=some, **more)
    yield Ask("lists_tasks_create", of_list, new, **more)
    yield Ask("tasks_list", query={"list": mine.pk, **some}, **more)
    yield Ask("tasks_retrieve", of_task, **more)
    yield Ask("tasks_update", of_task, new, **more)
    yield Ask("tasks_partial_update", of_task, {"deadline": NEXT_YEAR}, **more)
    yield Ask("tasks_destroy", of_task, **more)
    yield Ask("tasks_start", of_task, **more)
    yield Ask("tasks_complete", of_task, **more)
    yield Ask("tasks_reopen", {"id": done.pk}, **more)
    rows = [{"id": task.pk, "deadline": NEXT_YEAR}, {"task_list": mine.pk, "name": "Order catering"}]
    yield Ask("tasks_bulk", body={"tasks": rows}, **more)


def _topics() -> Iterator[Ask]:
    followed = Topic.objects.filter(subscribers=_student()).order_by("pk").first()
    other = Topic.objects.exclude(subscribers=_student()).order_by("pk").first()
    created = Topic.objects.order_by("pk").last()
    more = {"user": "student1"}
    query = {"search": followed.name.split()[0], "subscribed": True, **PAGE}
    yield Ask("topics_list", query=query, **more)
    yield Ask("topics_create", body={"name": "Typography"}, **more)
    yield Ask("topics_retrieve", {"id": followed.pk}, **more)
    yield Ask("topics_update", {"id": created.pk}, {"name": "Typography"})
    yield Ask("topics_partial_update", {"id": created.pk}, {"name": "Typography"})
    yield Ask("topics_destroy", {"id": created.pk})
    yield Ask("topics_subscribe", {"id": other.pk}, **more)
    yield Ask("topics_unsubscribe", {"id": followed.pk}, **more)
    yield Ask("topics_activities_of_topic_list", {"id": created.pk}, query=PAGE, **more)
    happened = {"action": "created", "topic": created.pk, **PAGE}
    yield Ask("topics_activities_list", query=happened, **more)


def _cache() -> Iterator[Ask]:
    yield Ask("dashboard")
    yield Ask("cache_stats")
    yield Ask("cache_keys_list", query={"match": "*", "cursor": 0, "limit": 100}, before=_read_categories)
    yield Ask("cache_keys_retrieve", before=_cached_value)
    yield Ask("cache_keys_destroy", before=_cached_value)


def _read_categories() -> dict[str, Any]:
    APIClient().get("/api/v1/categories/")
    return {}


def _cached_value() -> dict[str, Any]:
    values: list[str] = []

    def is_cached() -> bool:  # after Redis was flushed the first read may bypass it
        _read_categories()
        keys, _ = cache_keys.list_keys(match="*", cursor=0, limit=1000)
        values.extend(key.key for key in keys if cache_keys.is_value(key.key))
        return bool(values)

    until(is_cached)
    return {"path": {"key": values[0]}}
