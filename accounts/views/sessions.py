"""The sessions of the signed-in user: the browsers in which the user is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response

from accounts.models import Session
from accounts.serializers import SessionSerializer
from accounts.sessions import current_id, last_uses
from api.viewsets import DestroyModelMixin, GenericViewSet
from core.users import current_user

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

ID = OpenApiParameter("public_id", str, "path", description="The session's id in the list.")
ENDED = OpenApiResponse(description="Ended.")


@extend_schema_view(
    list=extend_schema(
        summary="Sessions",
        description="The browsers in which the signed-in user is signed in, the latest first.",
    ),
    destroy=extend_schema(
        summary="End a session",
        description="By its id in the list; also the one of this request.",
        parameters=[ID],
        responses={204: ENDED},
    ),
)
class SessionViewSet(DestroyModelMixin, ListModelMixin, GenericViewSet[Session]):
    queryset = Session.objects.all()
    serializer_class = SessionSerializer
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Session]:
        if getattr(self, "swagger_fake_view", False):
            return Session.objects.none()
        return Session.objects.valid(current_user(self.request))

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.last_uses = last_uses([session.public_id for session in page or []])
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "last_uses": getattr(self, "last_uses", {})}

    @extend_schema(
        operation_id="auth_sessions_destroy_others",
        summary="End all other sessions",
        description="The session of this request goes on, and so do access tokens.",
        request=None,
        responses={204: ENDED},
    )
    def destroy_others(self, request: Request) -> Response:
        sessions = Session.objects.filter(user=current_user(request))
        sessions.exclude(public_id=current_id(request.session)).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
