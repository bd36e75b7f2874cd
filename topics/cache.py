"""What of the topics is cached, under which key and for how long.

The page is put together from a part of the user's own and a part that everyone shares, so one
user's click never leaves another with a wrong count.
"""

from __future__ import annotations

from django.conf import settings

from caching import Cached, CachedFamily
from topics import selectors
from topics.models import Topic, TopicActivity, TopicSubscription

user_topics = Cached(
    "user:{user_id}:topics",
    ttl=60,
    load=selectors.topics_of_user,
    depends_on=[Topic, TopicSubscription],
)
topic_pages = CachedFamily(
    "v1:topics:list",
    ttl=settings.CACHE_TTL,
    load=selectors.topic_page,
    depends_on=[Topic, TopicSubscription],
)
recent_activity = Cached(
    "v1:topics:activity",
    ttl=settings.CACHE_TTL,
    load=selectors.recent_activity,
    depends_on=[TopicActivity],
)
