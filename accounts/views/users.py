"""The caller, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework.generics import RetrieveAPIView, UpdateAPIView

from accounts.serializers import ProfileSerializer, UserSerializer
from core.users import PublicUserSerializer

if TYPE_CHECKING:
    from rest_framework.serializers import BaseSerializer


class Me(RetrieveAPIView[User], UpdateAPIView[User]):
    """The caller: names and e-mail can be changed."""

    http_method_names = ["get", "patch", "head", "options"]
    serializer_class = ProfileSerializer

    def get_object(self) -> Any:
        return self.request.user


@extend_schema(responses=UserSerializer, summary="A user")
class UserDetail(RetrieveAPIView[User]):
    """E-mail, is_staff and last_login are told to the user and to staff only."""

    queryset = User.objects.all()

    def get_serializer_class(self) -> type[BaseSerializer[User]]:
        caller = self.request.user
        knows_all = caller.is_staff or caller.pk == self.kwargs["pk"]
        return UserSerializer if knows_all else PublicUserSerializer
