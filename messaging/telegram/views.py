"""Linking a Telegram account, and what Telegram sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from api.serializers import refuse_body
from api.views import APIView, StrictQuery
from core.users import current_user
from messaging.serializers import (
    LinkedTelegramSerializer,
    TelegramConfirmationSerializer,
    TelegramLinkSerializer,
    TelegramReplySerializer,
    TelegramUpdateSerializer,
)
from messaging.telegram import bot, linking
from messaging.telegram.updates import receive_update

if TYPE_CHECKING:
    from rest_framework.request import Request

SECRET = OpenApiParameter(
    bot.SECRET_HEADER, location="header", required=True, description="The secret by which the bot is known."
)


class TelegramViewSet(StrictQuery, ViewSet):
    throttle_scope: str | None = None
    throttle_client: str | None = None

    @extend_schema(
        summary="Get a link to the bot",
        description="Following it links the signed-in user's Telegram account. It revokes the last link.",
        request=None,
        responses={201: TelegramLinkSerializer},
    )
    @action(detail=False, methods=["post"])
    def link(self, request: Request) -> Response:
        refuse_body(request)
        token = linking.issue_link_token(user=current_user(request))
        name = settings.TELEGRAM_BOT_NAME
        # Without the name there is no link: a guessed one might lead to another bot, with the token.
        link = f"https://t.me/{name}?start={token}" if name else None
        return Response(
            {"telegram_link": link, "link_token": token, "expires_in": linking.LINK_SECONDS},
            status=status.HTTP_201_CREATED,
            headers={"Cache-Control": "no-store"},
        )

    @extend_schema(
        summary="Unlink the Telegram account",
        description="Repeating it changes nothing.",
        responses={204: OpenApiResponse(description="Unlinked.")},
    )
    @link.mapping.delete
    def unlink(self, request: Request) -> Response:
        linking.unlink_telegram(user=current_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Confirm a link",
        description="A bot sends the code that a Telegram user gave it.",
        parameters=[SECRET],
        request=TelegramConfirmationSerializer,
        responses=LinkedTelegramSerializer,
    )
    @action(
        detail=False,
        methods=["post"],
        authentication_classes=[],
        permission_classes=[bot.IsBot],
        throttle_scope="telegram-confirm",
        throttle_client="telegram-bot",  # one limit for the bot, whatever address it has
    )
    def confirm(self, request: Request) -> Response:
        serializer = TelegramConfirmationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        code, telegram_id = serializer.validated_data["code"], serializer.validated_data["telegram_id"]
        user = linking.link_telegram(token=code, telegram_id=telegram_id)
        return Response(LinkedTelegramSerializer({"telegram_id": telegram_id, "user": user}).data)


class Webhook(APIView):
    authentication_classes = []
    permission_classes = [bot.IsBot]
    throttle_classes = []  # Telegram sends at its own rate, and repeats what is refused

    @extend_schema(
        summary="Receive an Update",
        description="Telegram sends what is written to the bot. A repeated Update changes nothing.",
        parameters=[SECRET],
        request=TelegramUpdateSerializer,
        responses=TelegramReplySerializer,
    )
    def post(self, request: Request) -> Response:
        serializer = TelegramUpdateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(receive_update(**serializer.validated_data))
