"""Makes topics, and the users who follow them. Every factory gives a valid row."""

from __future__ import annotations

import factory

from tests.factories import UserFactory
from topics.models import Topic

__all__ = ["TopicFactory", "UserFactory"]


class TopicFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Topic

    name = factory.Sequence("Topic {}".format)
