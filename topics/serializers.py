"""What the API takes and gives of topics, and the JSON of what is cached."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers import ModelSerializer
from core.names import same_name
from topics.models import NAME_TAKEN, Topic, TopicActivity
from topics.permissions import may_change


class TopicWriteSerializer(ModelSerializer[Topic]):
    class Meta:
        model = Topic
        fields = ["name"]
        extra_kwargs = {"name": {"help_text": "Unique, whatever the letter case."}}

    def validate_name(self, name: str) -> str:
        same = same_name(Topic.objects.all(), name)
        if same.exclude(pk=getattr(self.instance, "pk", None) or 0).exists():
            raise serializers.ValidationError(NAME_TAKEN)
        return name


class FollowedTopicSerializer(ModelSerializer[Topic]):
    class Meta:
        model = Topic
        fields = ["id", "name"]


class TopicCardSerializer(serializers.Serializer[Any]):
    """What all users see alike of a topic (a row of ``selectors``)."""

    id = serializers.IntegerField(help_text="The topic's id.")
    name = serializers.CharField(help_text="The topic's name.")
    created_by = serializers.IntegerField(allow_null=True, help_text="The id of a user.")
    subscribers_count = serializers.IntegerField(help_text="How many users follow it.")


class TopicSerializer(TopicCardSerializer):
    """A topic as one user sees it. ``context`` needs the ``user`` and the ids that they ``followed``."""

    is_subscribed = serializers.SerializerMethodField(help_text="Whether you follow it.")
    may_change = serializers.SerializerMethodField(help_text="Whether you may rename and delete it.")

    def get_is_subscribed(self, topic: dict[str, Any]) -> bool:
        return topic["id"] in self.context["followed"]

    def get_may_change(self, topic: dict[str, Any]) -> bool:
        return may_change(self.context["user"], topic["created_by"])


class RecentActivitySerializer(ModelSerializer[TopicActivity]):
    topic = serializers.IntegerField(
        source="topic_id", help_text="The topic's id, also of one that was deleted."
    )

    class Meta:
        model = TopicActivity
        fields = ["topic", "topic_name", "action", "created_at"]


class TopicActivitySerializer(RecentActivitySerializer):
    class Meta(RecentActivitySerializer.Meta):
        fields = ["id", *RecentActivitySerializer.Meta.fields]
        extra_kwargs = {
            "topic_name": {"help_text": "The name that the topic had then."},
            "action": {"help_text": "What happened to the topic."},
            "created_at": {"help_text": "When it happened."},
        }
