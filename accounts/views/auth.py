"""Registering, signing in and out, verifying an e-mail address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import logout
from django.utils.translation import get_language_from_request
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts import actions, verification
from accounts.models import AccessToken
from accounts.serializers import (
    EmailVerificationSerializer,
    IssuedTokenSerializer,
    RegistrationSerializer,
    SignInSerializer,
    UserSerializer,
)
from api.serializers import refuse_body
from api.views import StrictQuery
from core.users import current_user

if TYPE_CHECKING:
    from rest_framework.request import Request

# For requests that no credentials are needed for: expired ones are ignored, not refused.
OPEN: dict[str, Any] = {"authentication_classes": [], "permission_classes": [AllowAny]}
MAIL_LANGUAGE = OpenApiParameter(
    "Accept-Language",
    location="header",
    description="The language of the mail: `en`, `uk` or `ru`; English if it is none of these.",
)


class AuthViewSet(StrictQuery, ViewSet):
    throttle_scope: str | None = None

    @extend_schema(
        operation_id="auth_register",
        summary="Register",
        description="Creates a user and sends a link to the e-mail address that verifies it.",
        parameters=[MAIL_LANGUAGE],
        request=RegistrationSerializer,
        responses={201: UserSerializer},
    )
    @action(detail=False, methods=["post"], throttle_scope="auth-register", **OPEN)
    def register(self, request: Request) -> Response:
        serializer = RegistrationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        language = get_language_from_request(request._request)
        user = actions.register_user(values=serializer.validated_data, language=language)
        return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Get an access token",
        description="A token for a username and password. It expires, and ends with the password.",
        request=SignInSerializer,
        responses=IssuedTokenSerializer,
    )
    @action(detail=False, methods=["post"], throttle_scope="auth-token", **OPEN)
    def token(self, request: Request) -> Response:
        serializer = SignInSerializer(data=request.data, context={"request": request._request})
        serializer.is_valid(raise_exception=True)
        token = actions.issue_access_token(user=serializer.validated_data["user"])
        return Response({"token": token}, headers={"Cache-Control": "no-store"})

    @extend_schema(
        summary="Sign out",
        description="Ends the access token or the session of this request.",
        request=None,
        responses={204: OpenApiResponse(description="Signed out.")},
    )
    @action(detail=False, methods=["post"])
    def logout(self, request: Request) -> Response:
        refuse_body(request)
        if isinstance(request.auth, AccessToken):
            request.auth.delete()
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Send the verification mail again",
        description="Sends a link to the signed-in user's e-mail address, at most one in a minute.",
        parameters=[MAIL_LANGUAGE],
        request=None,
        responses={202: OpenApiResponse(description="Sent, unless the address is verified.")},
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="email/send",
        url_name="email-send",
        throttle_scope="auth-email",
    )
    def send_verification(self, request: Request) -> Response:
        refuse_body(request)
        language = get_language_from_request(request._request)
        verification.send_verification(user=current_user(request), language=language)
        return Response(status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Verify an e-mail address",
        description="By the token of the link in the mail. A link is valid once, and for three days.",
        request=EmailVerificationSerializer,
        responses={204: OpenApiResponse(description="Verified.")},
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="email/verify",
        url_name="email-verify",
        throttle_scope="auth-email",
        **OPEN,
    )
    def verify_email(self, request: Request) -> Response:
        serializer = EmailVerificationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        verification.verify_email(token=serializer.validated_data["token"])
        return Response(status=status.HTTP_204_NO_CONTENT)
