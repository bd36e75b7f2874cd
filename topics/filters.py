"""The query parameters of lists of topics and of activities."""

from __future__ import annotations

from rest_framework import serializers

from api.fields import FlagField, IdField, NameField
from api.pagination import PageQuery
from topics.models import MAX_NAME_LENGTH, TopicActivity


class TopicQuery(PageQuery):
    search = NameField(
        max_length=MAX_NAME_LENGTH, default=None, allow_blank=True, help_text="A part of the topic's name."
    )
    subscribed = FlagField(default=False, help_text="`true`: only topics that you follow.")


class ActivityQuery(PageQuery):
    topic = IdField(default=None, help_text="The id of a topic, also of one that was deleted.")
    action = serializers.ChoiceField(
        TopicActivity.Action.values, default=None, help_text="What happened to the topic."
    )
