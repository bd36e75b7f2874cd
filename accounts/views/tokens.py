"""The access tokens of the signed-in user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response

from accounts.models import AccessToken
from accounts.serializers import AccessTokenSerializer
from api.viewsets import DestroyModelMixin, GenericViewSet
from core.users import current_user

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

ID = OpenApiParameter("id", int, "path", description="The token's id in the list.")
ENDED = OpenApiResponse(description="Ended.")


@extend_schema_view(
    list=extend_schema(summary="Access tokens", description="Those of the signed-in user that are valid."),
    destroy=extend_schema(
        summary="End an access token",
        description="By its id in the list.",
        parameters=[ID],
        responses={204: ENDED},
    ),
)
class TokenViewSet(DestroyModelMixin, ListModelMixin, GenericViewSet[AccessToken]):
    queryset = AccessToken.objects.all()
    serializer_class = AccessTokenSerializer

    def get_queryset(self) -> QuerySet[AccessToken]:
        if getattr(self, "swagger_fake_view", False):
            return AccessToken.objects.none()
        return AccessToken.objects.valid(current_user(self.request))

    @extend_schema(
        operation_id="auth_tokens_destroy_all",
        summary="End all access tokens",
        description="Also the one of this request. Sessions in browsers go on.",
        request=None,
        responses={204: ENDED},
    )
    def destroy_all(self, request: Request) -> Response:
        AccessToken.objects.filter(user=current_user(request)).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
