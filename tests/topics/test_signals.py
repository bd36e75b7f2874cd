"""Every way to change something: the next page of everyone is right, and nothing goes for nothing."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models.signals import m2m_changed

from caching.write.resolve import MAX_KEYS
from tests.topics import factories
from topics import cache, selectors
from topics.models import Topic, TopicSubscription

pytestmark = pytest.mark.django_db

ANN, BOB, CAT, PAGES, ACTIVITY = "ann's topics", "bob's topics", "cat's topics", "pages", "activity"
EVERYONE = {ANN, BOB, CAT}
User = get_user_model()


class World:
    """Ann and Bob follow ``topic``, Cat follows ``other``, ``empty`` has no subscriber."""

    def __init__(self, ann, bob):
        self.ann_page, self.bob_page = ann, bob
        self.ann, self.bob = ann.user, bob.user
        self.cat = factories.UserFactory(username="cat")
        self.topic = factories.TopicFactory(name="Topic", created_by=self.ann)
        self.other = factories.TopicFactory(name="Other")
        self.empty = factories.TopicFactory(name="Empty")
        self.topic.subscribers.add(self.ann, self.bob)
        self.other.subscribers.add(self.cat)

    def readings(self):
        people = {ANN: self.ann, BOB: self.bob, CAT: self.cat}
        self.user_ids = getattr(self, "user_ids", {name: user.pk for name, user in people.items()})
        return {
            **{name: cache.user_topics.get(user_id=pk) for name, pk in self.user_ids.items()},
            PAGES: cache.topic_pages.get(page=1, page_size=20),
            ACTIVITY: cache.recent_activity.get(),
        }

    def missed_after(self, change):
        """Return which values ``change(self)`` invalidated; all that is served is as in the database."""
        self.readings()
        assert {reading.x_cache for reading in self.readings().values()} == {"HIT"}
        change(self)
        readings = self.readings()
        fresh = {
            **{name: selectors.topics_of_user(user_id=pk) for name, pk in self.user_ids.items()},
            PAGES: selectors.topic_page(page=1, page_size=20),
            ACTIVITY: selectors.recent_activity(),
        }
        assert {name: reading.value for name, reading in readings.items()} == fresh
        return {name for name, reading in readings.items() if reading.x_cache != "HIT"}

    def check_pages(self):
        for reader in (self.ann_page, self.bob_page):
            if not User.objects.filter(pk=reader.user.pk).exists():
                continue
            expected = {
                topic.name: (topic.subscribers.count(), topic.subscribers.filter(pk=reader.user.pk).exists())
                for topic in Topic.objects.all()
            }
            assert {name: row[:2] for name, row in reader.rows().items()} == expected
            assert reader.mine() == [topic.name for topic in reader.user.topics.all()]


@pytest.fixture
def world(ann, bob):
    Topic.objects.all().delete()
    return World(ann, bob)


def raw(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def in_one_transaction(*changes):
    def change(world):
        with transaction.atomic():
            for one in changes:
                one(world)

    return change


def renamed(topic):
    topic.name = "Renamed"
    topic.save()


def moved_subscription(world):
    row = TopicSubscription.objects.get(topic=world.topic, user=world.ann)
    row.user = world.cat
    row.save()


CHANGES = {
    # Through the page
    "page: subscribe": (lambda w: w.ann_page.post(f"subscribe/{w.empty.pk}/"), {ANN, PAGES}),
    "page: subscribe again": (lambda w: w.ann_page.post(f"subscribe/{w.topic.pk}/"), set()),
    "page: unsubscribe": (lambda w: w.ann_page.post(f"unsubscribe/{w.topic.pk}/"), {ANN, PAGES}),
    "page: create": (lambda w: w.ann_page.post("create/", name="New"), {PAGES, ACTIVITY}),
    "page: a duplicate name": (lambda w: w.ann_page.post("create/", name="Topic"), set()),
    "page: delete": (lambda w: w.ann_page.post(f"delete/{w.topic.pk}/"), {ANN, BOB, PAGES, ACTIVITY}),
    "page: sign out": (lambda w: w.ann_page.client.post("/accounts/logout/"), {ANN}),
    # Through REST, whose answer has already read Ann's topics again
    "rest: subscribe": (lambda w: w.ann_page.api.post(f"/api/v1/topics/{w.empty.pk}/subscribe/"), {PAGES}),
    "rest: unsubscribe": (
        lambda w: w.ann_page.api.post(f"/api/v1/topics/{w.topic.pk}/unsubscribe/"),
        {PAGES},
    ),
    "rest: create": (
        lambda w: w.ann_page.api.post("/api/v1/topics/", {"name": "New"}, format="json"),
        {PAGES, ACTIVITY},
    ),
    "rest: rename": (
        lambda w: w.ann_page.api.patch(f"/api/v1/topics/{w.topic.pk}/", {"name": "New"}, format="json"),
        {BOB, PAGES, ACTIVITY},
    ),
    "rest: delete": (
        lambda w: w.ann_page.api.delete(f"/api/v1/topics/{w.topic.pk}/"),
        {ANN, BOB, PAGES, ACTIVITY},
    ),
    # topic.subscribers
    "subscribers.add": (lambda w: w.empty.subscribers.add(w.ann, w.bob), {ANN, BOB, PAGES}),
    "subscribers.remove": (lambda w: w.topic.subscribers.remove(w.bob), {BOB, PAGES}),
    "subscribers.set": (lambda w: w.topic.subscribers.set([w.ann, w.cat]), {BOB, CAT, PAGES}),
    "subscribers.clear": (lambda w: w.topic.subscribers.clear(), {ANN, BOB, PAGES}),
    # user.topics
    "topics.add": (lambda w: w.ann.topics.add(w.other, w.empty), {ANN, PAGES}),
    "topics.remove": (lambda w: w.ann.topics.remove(w.topic), {ANN, PAGES}),
    "topics.set": (lambda w: w.ann.topics.set([w.other]), {ANN, PAGES}),
    "topics.clear": (lambda w: w.ann.topics.clear(), {ANN, PAGES}),
    # The rows themselves
    "subscription: create": (
        lambda w: TopicSubscription.objects.create(topic=w.empty, user=w.cat),
        {CAT, PAGES},
    ),
    "subscription: delete": (
        lambda w: TopicSubscription.objects.get(topic=w.other).delete(),
        {CAT, PAGES},
    ),
    "subscription: moved": (moved_subscription, {ANN, CAT, PAGES}),
    "subscriptions: bulk_create": (
        lambda w: Topic.subscribers.through.objects.bulk_create(
            [TopicSubscription(topic=w.empty, user=user) for user in (w.ann, w.cat)]
        ),
        {ANN, CAT, PAGES},
    ),
    "subscriptions: bulk_create that ignores conflicts": (
        lambda w: TopicSubscription.objects.bulk_create(
            [TopicSubscription(topic=w.empty, user=w.cat)], ignore_conflicts=True
        ),
        {CAT, PAGES},
    ),
    "subscriptions: update": (
        lambda w: TopicSubscription.objects.filter(user=w.ann).update(user=w.cat),
        {ANN, CAT, PAGES},
    ),
    "subscriptions: delete of a query": (
        lambda w: TopicSubscription.objects.filter(topic=w.topic).delete(),
        {ANN, BOB, PAGES},
    ),
    "subscriptions: raw SQL": (
        lambda w: raw("DELETE FROM topics_topicsubscription WHERE user_id = %s", w.bob.pk),
        {BOB, PAGES},
    ),
    # Topics
    "topic: create": (lambda w: Topic.objects.create(name="New"), {PAGES, ACTIVITY}),
    "topic: rename": (lambda w: renamed(w.topic), {ANN, BOB, PAGES, ACTIVITY}),
    "topic: delete": (lambda w: w.topic.delete(), {ANN, BOB, PAGES, ACTIVITY}),
    "topic: delete, without subscribers": (lambda w: w.empty.delete(), {PAGES, ACTIVITY}),
    "topics: bulk_create": (lambda w: Topic.objects.bulk_create([Topic(name="New")]), {PAGES}),
    "topics: update": (lambda w: Topic.objects.filter(pk=w.other.pk).update(name="New"), {CAT, PAGES}),
    "topics: raw SQL": (
        lambda w: raw("UPDATE topics_topic SET name = name || '!' WHERE id = %s", w.other.pk),
        {CAT, PAGES},
    ),
    # Users
    "user: delete": (lambda w: w.cat.delete(), {CAT, PAGES}),
    "user: delete a creator": (lambda w: w.ann.delete(), {ANN, BOB, PAGES}),
    "user: rename": (lambda w: User.objects.filter(pk=w.ann.pk).update(username="anna"), set()),
    # Several at once
    "one transaction": (
        in_one_transaction(lambda w: renamed(w.other), lambda w: w.ann.topics.clear()),
        {ANN, CAT, PAGES, ACTIVITY},
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_invalidates_what_it_concerns_and_nothing_else(world, change, expected):
    assert world.missed_after(change) == expected
    if change is not CHANGES["page: sign out"][0]:
        world.check_pages()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_touches_nothing(world):
    def change(world):
        with transaction.atomic():
            renamed(world.topic)
            world.ann.topics.clear()
            transaction.set_rollback(True)

    assert world.missed_after(change) == set()


def test_a_topic_with_very_many_subscribers_touches_them_all(world):
    crowd = User.objects.bulk_create(User(username=f"crowd{n}") for n in range(MAX_KEYS + 1))
    world.topic.subscribers.add(*crowd)
    assert world.missed_after(lambda w: renamed(w.topic)) == {*EVERYONE, PAGES, ACTIVITY}
    assert world.missed_after(lambda w: w.topic.subscribers.clear()) == {*EVERYONE, PAGES}


def test_the_readable_key_holds_plain_data_for_a_minute(world, cache_redis):
    world.readings()
    key = f":1:user:{world.ann.pk}:topics"
    assert cache_redis.get(key).decode() == f'[{{"id":{world.topic.pk},"name":"Topic"}}]'
    assert 0 < cache_redis.ttl(key) <= 60


@pytest.mark.parametrize(
    ("action", "reverse", "expected"),
    [
        ("add", False, {CAT}),
        ("remove", False, {CAT}),
        ("clear", False, {ANN, BOB}),
        ("add", True, {BOB}),
        ("remove", True, {BOB}),
        ("clear", True, {BOB}),
    ],
)
def test_m2m_changed_by_itself_purges_the_topics_of_those_it_names(world, action, reverse, expected):
    instance, others = (world.bob, {world.topic.pk}) if reverse else (world.topic, {world.cat.pk})

    def change(world):
        for moment in ("pre", "post"):
            m2m_changed.send(
                sender=Topic.subscribers.through,
                instance=instance,
                action=f"{moment}_{action}",
                reverse=reverse,
                model=Topic if reverse else User,
                pk_set=None if action == "clear" else others,
                using="default",
            )

    assert world.missed_after(in_one_transaction(change)) == expected
