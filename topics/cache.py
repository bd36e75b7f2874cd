"""What is cached of the topics: key, time, load, and what changes it.

The page is put together from a part of the user's own and a part that everyone shares, so one
user's click never leaves another with a wrong count.
"""

from __future__ import annotations

from django.conf import settings

from caching import ALL, Cached, CachedFamily
from topics import selectors
from topics.models import Topic, TopicActivity, TopicSubscription

user_topics = Cached(
    "user:{user_id}:topics",
    ttl=60,
    load=selectors.topics_of_user,
    invalidated_by={TopicSubscription: "user_id", Topic: "subscriptions__user_id"},
)
topic_pages = CachedFamily(
    "v1:topics:list",
    ttl=settings.CACHE_TTL,
    load=selectors.topic_page,
    invalidated_by={Topic: ALL, TopicSubscription: ALL},
)
recent_activity = Cached(
    "v1:topics:activity",
    ttl=settings.CACHE_TTL,
    load=selectors.recent_activity,
    invalidated_by={TopicActivity: ALL},
)
