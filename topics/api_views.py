"""The topics over REST, for whoever is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from api.http_cache import cached_response, made_of
from api.pagination import Page, envelope
from api.params import ID, Choice, Parameter, Text, openapi, parse
from api.params import PARAMETERS as PAGING
from core.users import current_user
from topics import actions, board
from topics.models import Topic, TopicActivity
from topics.serializers import (
    TopicActivitySerializer,
    TopicPageSerializer,
    TopicSerializer,
    TopicWriteSerializer,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

FILTERS: dict[str, Parameter] = {
    **PAGING,
    "search": Text(100),
    "subscribed": Choice(("true", "false"), default="false"),
}
ACTIVITY_FILTERS: dict[str, Parameter] = {
    "topic": ID,
    "action": Choice(tuple(TopicActivity.Action.values)),
}


class TopicList(APIView):
    @extend_schema(
        operation_id="topics_list",
        summary="All topics by name, with their subscribers",
        parameters=openapi(FILTERS),
        responses=TopicPageSerializer,
    )
    def get(self, request: Request) -> HttpResponse:
        params = parse(request.query_params, FILTERS)
        page, search = Page(params["page"], params["page_size"]), params["search"]
        subscribed = params["subscribed"] == "true"
        found = board.read_board(
            current_user(request), page=page.number, page_size=page.size, search=search, subscribed=subscribed
        )
        data = envelope(
            found.topics,
            page=page,
            count=found.total,
            path=reverse("topic-list"),
            params={"search": search, "subscribed": "true" if subscribed else None},
        )
        return cached_response(request, made_of(data, found.reading))

    @extend_schema(summary="Create a topic", request=TopicWriteSerializer, responses={201: TopicSerializer})
    def post(self, request: Request) -> Response:
        serializer = TopicWriteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        topic = serializer.save(created_by=current_user(request))
        return Response(
            board.read_topic(current_user(request), topic.pk).value,
            status=status.HTTP_201_CREATED,
            headers={"Location": reverse("topic-detail", args=[topic.pk])},
        )


class TopicDetail(APIView):
    @extend_schema(operation_id="topics_retrieve", summary="A topic", responses=TopicSerializer)
    def get(self, request: Request, pk: int) -> HttpResponse:
        return cached_response(request, board.read_topic(current_user(request), pk))

    @extend_schema(
        summary="Rename a topic of one's own", request=TopicWriteSerializer, responses=TopicSerializer
    )
    def put(self, request: Request, pk: int) -> Response:
        topic = get_object_or_404(Topic, pk=pk)
        serializer = TopicWriteSerializer(topic, data=request.data)
        serializer.is_valid(raise_exception=True)
        actions.rename_topic(user=current_user(request), topic_id=pk, **serializer.validated_data)
        return Response(board.read_topic(current_user(request), pk).value)

    @extend_schema(
        summary="Rename a topic of one's own", request=TopicWriteSerializer, responses=TopicSerializer
    )
    def patch(self, request: Request, pk: int) -> Response:
        return self.put(request, pk)

    @extend_schema(summary="Delete a topic of one's own", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        actions.delete_topic(user=current_user(request), topic_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Subscribing(APIView):
    @extend_schema(summary="Follow a topic; again changes nothing", request=None, responses=TopicSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actions.subscribe(user=current_user(request), topic_id=pk)
        return Response(board.read_topic(current_user(request), pk).value)


class Unsubscribing(APIView):
    @extend_schema(
        summary="Follow a topic no longer; again changes nothing", request=None, responses=TopicSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        actions.unsubscribe(user=current_user(request), topic_id=pk)
        return Response(board.read_topic(current_user(request), pk).value)


@extend_schema_view(
    get=extend_schema(summary="What happened to the topics", parameters=openapi(ACTIVITY_FILTERS))
)
class ActivityList(ListAPIView[TopicActivity]):
    """What happened to the topics, the latest first; deleted topics included."""

    serializer_class = TopicActivitySerializer
    queryset = TopicActivity.objects.order_by("-id")

    def filter_queryset(self, queryset: QuerySet[TopicActivity, Any]) -> QuerySet[TopicActivity, Any]:
        given = parse(self.request.query_params, ACTIVITY_FILTERS)
        return queryset.filter(**{name: value for name, value in given.items() if value is not None})


@extend_schema_view(
    get=extend_schema(operation_id="topics_activities_of_topic_list", summary="What happened to one topic")
)
class ActivityOfTopic(ListAPIView[TopicActivity]):
    """What happened to one topic, the latest first; also of one that was deleted."""

    serializer_class = TopicActivitySerializer
    queryset = TopicActivity.objects.order_by("-id")

    def filter_queryset(self, queryset: QuerySet[TopicActivity, Any]) -> QuerySet[TopicActivity, Any]:
        pk = self.kwargs["pk"]
        found = queryset.filter(topic=pk)
        if not (found.exists() or Topic.objects.filter(pk=pk).exists()):
            raise Http404("There is and was no such topic.")
        return found
