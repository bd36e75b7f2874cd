"""Topics and their subscribers."""

from collections.abc import Iterator
from itertools import islice, product
from random import Random

from django.contrib.auth.models import User

from devtools.demo import users
from devtools.demo.plan import Plan
from topics.models import Topic, TopicActivity, TopicSubscription

TOPICS = {"small": 24, "large": 10_000}
SUBJECTS = (
    *("PostgreSQL", "Redis", "Celery", "REST APIs", "Testing", "Docker", "Kubernetes", "Linux"),
    *("Accessibility", "Web Security", "Machine Learning", "Rust", "Go", "TypeScript", "HTMX", "CSS"),
    *("Бази даних", "Алгоритми", "Кібербезпека", "Асинхронность", "Тестирование", "Вёрстка"),
)
CITIES = ("Kyiv", "Lviv", "Berlin", "London", "Lisbon", "Toronto", "Tbilisi")
PLACES = ("", *(f"in {city}" for city in CITIES), "online")
MAX_SUBSCRIBERS = 30
SHOWN_AS_CREATED = 5


def fill(plan: Plan) -> int:
    names = _free_names()
    people = users.students()
    added: list[Topic] = []
    for numbers in plan.missing("topics", Topic.objects.count(), TOPICS[plan.size]):
        rngs = [plan.seeded_random("topic", number) for number in numbers]
        topics = Topic.objects.bulk_create(
            Topic(name=name, created_by=one.choice(people))
            for name, one in zip(islice(names, len(rngs)), rngs, strict=True)
        )
        _fill_subscribers(topics, rngs, people)
        added += topics
    _show_as_created(added[-SHOWN_AS_CREATED:])
    return len(added)


def _free_names() -> Iterator[str]:
    taken = set(Topic.objects.values_list("name", flat=True))
    for number, place, subject in product(range(1, max(TOPICS.values())), PLACES, SUBJECTS):
        name = " ".join(filter(None, (subject, place, str(number) if number > 1 else "")))
        if name not in taken:
            yield name


def _fill_subscribers(topics: list[Topic], rngs: list[Random], people: list[User]) -> None:
    most = min(MAX_SUBSCRIBERS, len(people))
    TopicSubscription.objects.bulk_create(
        TopicSubscription(topic=topic, user=user)
        for topic, one in zip(topics, rngs, strict=True)
        for user in one.sample(people, one.randint(0, most))
    )


def _show_as_created(topics: list[Topic]) -> None:
    TopicActivity.objects.bulk_create(
        TopicActivity(topic=topic, topic_name=topic.name, action=TopicActivity.Action.CREATED)
        for topic in topics
    )
