"""The signed-in user, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language_from_request
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from accounts import actions
from accounts.serializers import ProfileSerializer, UserSerializer
from api.viewsets import GenericViewSet, RetrieveModelMixin, UpdateModelMixin
from core.users import PublicUserSerializer, current_user

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer


@extend_schema_view(
    retrieve=extend_schema(summary="The signed-in user", description="With e-mail and Telegram account."),
    partial_update=extend_schema(
        summary="Change names and e-mail",
        description="A new e-mail address has to be verified by a link that is sent there.",
    ),
)
class ProfileViewSet(RetrieveModelMixin, UpdateModelMixin, GenericViewSet[User]):
    queryset = User.objects.all()
    serializer_class = ProfileSerializer

    def get_object(self) -> User:
        user = current_user(self.request)
        if self.request.method in SAFE_METHODS:
            return user
        locked: User = get_object_or_404(self.filter_queryset(self.get_queryset()), pk=user.pk)
        return locked

    def perform_update(self, serializer: Any) -> None:
        language = get_language_from_request(self.request._request)
        actions.update_profile(user=serializer.instance, values=serializer.validated_data, language=language)


class UserViewSet(GenericViewSet[User]):
    queryset = User.objects.all()

    @extend_schema(
        summary="A user",
        description="E-mail, is_staff and last_login are shown to the user and to staff only.",
        parameters=[OpenApiParameter("id", int, "path", description="The user's id.")],
        responses=UserSerializer,
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        user = self.get_object()
        return Response(self.get_serializer(user).data)

    def get_serializer_class(self) -> type[BaseSerializer[User]]:
        caller = self.request.user
        sees_all = caller.is_staff or caller.pk == self.kwargs["pk"]
        return UserSerializer if sees_all else PublicUserSerializer
