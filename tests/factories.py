"""Makes rows for tests. Every factory gives a valid row; a test names only what it is about."""

from __future__ import annotations

import factory
from django.contrib.auth import get_user_model

from topics.models import Topic


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence("learner{}".format)
    email = factory.LazyAttribute("{0.username}@example.com".format)
    first_name = "Анна"
    last_name = "Иванова"


class TopicFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Topic

    name = factory.Sequence("Topic {}".format)
