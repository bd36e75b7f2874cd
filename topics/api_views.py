"""The topics over REST, for signed-in users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import reverse
from rest_framework.decorators import action

from api.http_cache import cached_response, made_of
from api.pagination import Page, PageQuery, envelope
from api.serializers import refuse_body
from api.viewsets import CreateModelMixin, DestroyModelMixin, GenericViewSet
from core.users import current_user
from topics import actions, schema, topic_list
from topics.filters import ActivityQuery, TopicQuery
from topics.models import Topic, TopicActivity
from topics.permissions import TopicPermission
from topics.serializers import TopicActivitySerializer, TopicWriteSerializer

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.response import Response


@schema.TOPICS
class TopicViewSet(CreateModelMixin, DestroyModelMixin, GenericViewSet[Topic]):
    serializer_class = TopicWriteSerializer
    permission_classes = [TopicPermission]
    query_serializers = {"list": TopicQuery, "activities": ActivityQuery, "activities_of": PageQuery}
    queryset = Topic.objects.order_by("pk")
    lookup_value_converter = "int"

    def represent(self, row: Topic) -> dict[str, Any]:
        """Return the topic as the caller sees it."""
        shown: dict[str, Any] = topic_list.read_topic(current_user(self.request), row.pk).value
        return shown

    def list(self, request: Request) -> HttpResponse:
        page, search = Page(self.query["page"], self.query["page_size"]), self.query["search"] or None
        subscribed = self.query["subscribed"]
        found = topic_list.read_topics(
            current_user(request), page=page.number, page_size=page.size, search=search, subscribed=subscribed
        )
        data = envelope(
            found.topics,
            page=page,
            count=found.total,
            path=reverse("topic-list"),
            params={"search": search, "subscribed": "true" if subscribed else None},
        )
        return cached_response(request, made_of(data, found.result))

    def retrieve(self, request: Request, pk: int) -> HttpResponse:
        return cached_response(request, topic_list.read_topic(current_user(request), pk))

    def perform_create(self, serializer: Any) -> None:
        serializer.save(created_by=current_user(self.request))

    def update(self, request: Request, pk: int, *, partial: bool = False) -> HttpResponse:  # noqa: ARG002
        with transaction.atomic():
            topic = self.lock_object()
            serializer = self.get_serializer(topic, data=request.data, partial=partial)
            serializer.is_valid(raise_exception=True)
            name = serializer.validated_data.get("name", topic.name)
            actions.rename_topic(topic=topic, name=name, actor=current_user(request))
        return self.respond(topic)

    def partial_update(self, request: Request, pk: int) -> HttpResponse:
        return self.update(request, pk, partial=True)

    @action(detail=True, methods=["post"])
    def subscribe(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        with transaction.atomic():
            topic = self.lock_object()
            refuse_body(request)
            actions.add_subscriber(topic=topic, user=current_user(request))
        return self.respond(topic)

    @action(detail=True, methods=["post"])
    def unsubscribe(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        with transaction.atomic():
            topic = self.lock_object()
            refuse_body(request)
            actions.remove_subscriber(topic=topic, user=current_user(request))
        return self.respond(topic)

    @action(detail=False, serializer_class=TopicActivitySerializer)
    def activities(self, request: Request) -> Response:  # noqa: ARG002
        filters = {name: self.query[name] for name in ("topic", "action")}
        given = {name: value for name, value in filters.items() if value is not None}
        return self._page(TopicActivity.objects.filter(**given))

    @action(
        detail=True,
        url_path="activities",
        url_name="activities-of",
        serializer_class=TopicActivitySerializer,
    )
    def activities_of(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        found = TopicActivity.objects.filter(topic=pk)
        if not (found.exists() or Topic.objects.filter(pk=pk).exists()):
            raise Http404("There is and was no such topic.")
        return self._page(found)

    def _page(self, rows: QuerySet[TopicActivity]) -> Response:
        page = self.paginate_queryset(rows.order_by("-id"))  # type: ignore[arg-type]  # not the view's model
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
