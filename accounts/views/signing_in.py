"""Registering, getting a token, giving it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import logout
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import actions
from accounts.models import AccessToken
from accounts.serializers import AccessTokenSerializer, RegistrationSerializer, UserSerializer

if TYPE_CHECKING:
    from rest_framework.request import Request


class Registration(APIView):
    authentication_classes = []  # a token that has expired must not stand in the way
    permission_classes = [AllowAny]
    throttle_scope = "auth-register"

    @extend_schema(summary="Register", request=RegistrationSerializer, responses={201: UserSerializer})
    def post(self, request: Request) -> Response:
        serializer = RegistrationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = serializer.save()
        return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)


class TokenIssue(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_scope = "auth-token"

    @extend_schema(
        summary="A token for a user name and password",
        request=AuthTokenSerializer,
        responses=AccessTokenSerializer,
    )
    def post(self, request: Request) -> Response:
        serializer = AuthTokenSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        return Response({"token": actions.issue_access_token(user=serializer.validated_data["user"])})


class Logout(APIView):
    @extend_schema(
        summary="End the session, or give back the token, of this request",
        request=None,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        if isinstance(request.auth, AccessToken):
            request.auth.delete()
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)
