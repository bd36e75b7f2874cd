"""The signed-in user, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language_from_request
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from accounts.account import delete_account, export_account
from accounts.passwords import lock_user
from accounts.profile import update_profile
from accounts.selectors import search_users
from accounts.serializers import (
    AccountDeletionSerializer,
    AccountExportSerializer,
    PersonQuery,
    PersonSerializer,
    ProfileSerializer,
    VisibleUserSerializer,
)
from accounts.views.auth import MAIL_LANGUAGE
from api.http_cache import require_match
from api.viewsets import GenericViewSet, RetrieveModelMixin, UpdateModelMixin
from core.users import PublicUserSerializer, current_user

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer


@extend_schema_view(
    retrieve=extend_schema(summary="The signed-in user", description="With e-mail and Telegram account."),
    partial_update=extend_schema(
        summary="Change names and e-mail",
        description="A new e-mail address needs `current_password`, and has to be verified by a link that is "
        "sent there. The verified address before it gets a mail that says so.",
        parameters=[MAIL_LANGUAGE],
    ),
)
class ProfileViewSet(RetrieveModelMixin, UpdateModelMixin, GenericViewSet[User]):
    queryset = User.objects.all()
    serializer_class = ProfileSerializer
    throttle_scope: str | tuple[str, ...] | None = None
    deletes_with_body = True

    def get_throttles(self) -> list[Any]:
        """Return the throttles: guesses of the password, mails and exports are limited."""
        if self.action in {"destroy", "export"}:
            self.throttle_scope = "auth-password"
        elif self.action == "partial_update" and _concerns_address(self.request.data):
            self.throttle_scope = ("auth-password", "auth-email")
        return super().get_throttles()

    def get_object(self) -> User:
        user = current_user(self.request)
        if self.request.method in SAFE_METHODS:
            return user
        locked: User = get_object_or_404(self.filter_queryset(self.get_queryset()), pk=user.pk)
        return locked

    def perform_update(self, serializer: Any) -> None:
        update_profile(
            user=serializer.instance,
            values=serializer.validated_data,
            current_password=serializer.given_password,
            language=get_language_from_request(self.request._request),
        )

    @extend_schema(
        summary="Delete the account",
        description="With the password. Personal data are deleted with it; where other data need the user, "
        "as a company's subscriptions do, the user stays without a name. A task list goes to its first "
        "active member.",
        request=AccountDeletionSerializer,
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    @transaction.atomic
    def destroy(self, request: Request) -> Response:
        serializer = AccountDeletionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = lock_user(current_user(request))
        if "If-Match" in request.headers:
            require_match(request, self.etag(user))
        delete_account(user=user, **serializer.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Export the account",
        description="Everything that is known of the signed-in user: `account`, then the rows of every table "
        "that concern the user, by the table and the column that says so.",
        operation_id="me_export",
        responses=AccountExportSerializer,
    )
    def export(self, request: Request) -> HttpResponse:
        body = b"".join(export_account(user=current_user(request)))
        name = {"Content-Disposition": 'attachment; filename="account.json"'}
        return HttpResponse(body, content_type="application/json", headers=name)


def _concerns_address(data: object) -> bool:
    return isinstance(data, dict) and ("email" in data or "current_password" in data)


@extend_schema_view(
    list=extend_schema(
        summary="Search for users",
        description="Active users by the beginnings of their names, to choose members of a task list.",
    ),
)
class UserViewSet(ListModelMixin, GenericViewSet[User]):
    queryset = User.objects.all()
    query_serializers = {"list": PersonQuery}

    def get_queryset(self) -> QuerySet[User]:
        return search_users(self.query["search"]) if self.action == "list" else super().get_queryset()

    @extend_schema(
        summary="A user",
        description="E-mail, is_staff and last_login are shown to the user and to staff only.",
        parameters=[OpenApiParameter("id", int, "path", description="The user's id.")],
        responses=VisibleUserSerializer,
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        user = self.get_object()
        return Response(self.get_serializer(user).data)

    def get_serializer_class(self) -> type[BaseSerializer[User]]:
        if self.action == "list":
            return PersonSerializer
        caller = self.request.user
        sees_all = caller.is_staff or caller.pk == self.kwargs["pk"]
        return VisibleUserSerializer if sees_all else PublicUserSerializer
