"""What the API's description says of topics."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view

from api.openapi.schema import IF_MATCH
from topics.serializers import TopicActivitySerializer, TopicSerializer, TopicWriteSerializer


def _operation(summary: str, description: str = "", **more: Any) -> Any:
    return extend_schema(summary=summary, description=description or f"{summary}.", **more)


def _write(summary: str, description: str, **more: Any) -> Any:
    more = {"request": None, "responses": TopicSerializer, **more}
    return _operation(summary, description, parameters=[IF_MATCH], **more)


TOPICS = extend_schema_view(
    list=_operation(
        "List topics",
        "All topics by name, with the number of their subscribers.",
        responses=TopicSerializer(many=True),
    ),
    create=_operation(
        "Create a topic",
        "You may rename and delete it later.",
        request=TopicWriteSerializer,
        responses={201: TopicSerializer},
    ),
    retrieve=_operation("Get a topic", responses=TopicSerializer),
    update=_write("Rename a topic", "For its creator and staff.", request=TopicWriteSerializer),
    partial_update=_write(
        "Rename a topic", "For its creator and staff.", request=TopicWriteSerializer(partial=True)
    ),
    destroy=_write("Delete a topic", "For its creator and staff. Its history stays.", responses={204: None}),
    subscribe=_write("Follow a topic", "Following a topic again changes nothing."),
    unsubscribe=_write("Stop following a topic", "Doing so again changes nothing."),
    activities=_operation(
        "List what happened to topics",
        "The latest first; also of topics that were deleted.",
        responses=TopicActivitySerializer(many=True),
    ),
    activities_of=_operation(
        "List what happened to a topic",
        "The latest first; also of a topic that was deleted.",
        operation_id="topics_activities_of_topic_list",
        responses=TopicActivitySerializer(many=True),
    ),
)
