"""What the API takes, and the shapes of what it gives (topics/selectors.py and board.py make it)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.pagination import PageSerializer
from topics.models import Topic, TopicActivity


class TopicWriteSerializer(serializers.ModelSerializer[Topic]):
    class Meta:
        model = Topic
        fields = ["name"]


class TopicSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    created_by = serializers.IntegerField(allow_null=True, help_text="The id of a user.")
    subscribers_count = serializers.IntegerField()
    is_subscribed = serializers.BooleanField(help_text="Whether you follow it.")
    may_change = serializers.BooleanField(help_text="Whether you may rename and delete it.")


class TopicPageSerializer(PageSerializer):
    results = TopicSerializer(many=True)


class TopicActivitySerializer(serializers.ModelSerializer[TopicActivity]):
    topic = serializers.IntegerField(
        source="topic_id", help_text="The topic's id, also of one that was deleted."
    )

    class Meta:
        model = TopicActivity
        fields = ["id", "topic", "topic_name", "action", "created_at"]
