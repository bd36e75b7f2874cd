"""Changing and resetting a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import get_language_from_request
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.password_reset import request_reset, reset_password
from accounts.passwords import change_password
from accounts.serializers import (
    PasswordChangedSerializer,
    PasswordChangeSerializer,
    PasswordResetConfirmSerializer,
    PasswordResetSerializer,
)
from accounts.views.auth import MAIL_LANGUAGE, OPEN
from api.views import StrictQuery
from core.users import current_user

if TYPE_CHECKING:
    from rest_framework.request import Request


class PasswordViewSet(StrictQuery, ViewSet):
    throttle_scope: str | None = None

    @extend_schema(
        summary="Change the password",
        description="Ends every access token and every other session. A request with a token gets a new one.",
        parameters=[MAIL_LANGUAGE],
        request=PasswordChangeSerializer,
        responses=PasswordChangedSerializer,
    )
    @action(detail=False, methods=["post"], throttle_scope="auth-password")
    def change(self, request: Request) -> Response:
        serializer = PasswordChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        token = change_password(
            request=request,
            user=current_user(request),
            language=get_language_from_request(request._request),
            **serializer.validated_data,
        )
        return Response({"token": token}, headers={"Cache-Control": "no-store"})

    @extend_schema(
        summary="Ask for a link that resets the password",
        description="The answer is the same for every address. A link goes to an address that a user has "
        "verified, at most one in a minute. Another user's address gets the mail that verifies it.",
        parameters=[MAIL_LANGUAGE],
        request=PasswordResetSerializer,
        responses={202: OpenApiResponse(description="Accepted, whether or not there is such a user.")},
    )
    @action(detail=False, methods=["post"], throttle_scope="auth-email", **OPEN)
    def reset(self, request: Request) -> Response:
        serializer = PasswordResetSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        language = get_language_from_request(request._request)
        request_reset(email=serializer.validated_data["email"], language=language)
        return Response(status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Reset the password",
        description="By the link in the mail, which is valid once, and for an hour. It ends every access "
        "token and session.",
        parameters=[MAIL_LANGUAGE],
        request=PasswordResetConfirmSerializer,
        responses={204: OpenApiResponse(description="The password is changed.")},
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="reset/confirm",
        url_name="reset-confirm",
        throttle_scope="auth-password",
        **OPEN,
    )
    def confirm_reset(self, request: Request) -> Response:
        serializer = PasswordResetConfirmSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        reset_password(language=get_language_from_request(request._request), **serializer.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)
