"""Linking a Telegram account: what the user asks for, what a bot confirms, what Telegram sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from core.users import current_user
from messaging.serializers import (
    ConfirmationSerializer,
    LinkedSerializer,
    LinkSerializer,
    ReplySerializer,
    UpdateSerializer,
)
from messaging.telegram import bot, linking
from messaging.telegram.updates import receive_update

if TYPE_CHECKING:
    from rest_framework.request import Request


SECRET = OpenApiParameter(bot.SECRET_HEADER, location="header", required=True)


class TelegramLink(APIView):
    @extend_schema(
        summary="A link to the bot that links the caller's Telegram account; it revokes the last one",
        request=None,
        responses={201: LinkSerializer},
    )
    def post(self, request: Request) -> Response:
        token = linking.issue_link_token(user=current_user(request))
        name = settings.TELEGRAM_BOT_NAME
        # Without the name no link: a guessed one might lead to a stranger's bot, token and all.
        link = f"https://t.me/{name}?start={token}" if name else None
        return Response(
            {"telegram_link": link, "link_token": token, "expires_in": linking.LINK_SECONDS},
            status=status.HTTP_201_CREATED,
            headers={"Cache-Control": "no-store"},
        )

    @extend_schema(summary="Unlink the Telegram account; again changes nothing", responses={204: None})
    def delete(self, request: Request) -> Response:
        linking.unlink_telegram(user=current_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Confirmation(APIView):
    authentication_classes = []
    permission_classes = [bot.IsBot]
    throttle_scope = "telegram-confirm"
    throttle_client = "telegram-bot"  # one limit for the bot, whatever address it has

    @extend_schema(
        summary="A bot confirms a link",
        parameters=[SECRET],
        request=ConfirmationSerializer,
        responses=LinkedSerializer,
    )
    def post(self, request: Request) -> Response:
        serializer = ConfirmationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        code, telegram_id = serializer.validated_data["code"], serializer.validated_data["telegram_id"]
        user = linking.link_telegram(token=code, telegram_id=telegram_id)
        return Response(LinkedSerializer({"telegram_id": telegram_id, "user": user}).data)


class Webhook(APIView):
    authentication_classes = []
    permission_classes = [bot.IsBot]
    throttle_classes = []  # Telegram sends at a pace of its own, and again what is refused

    @extend_schema(
        summary="Telegram sends an Update",
        parameters=[SECRET],
        request=UpdateSerializer,
        responses=ReplySerializer,
    )
    def post(self, request: Request) -> Response:
        serializer = UpdateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(receive_update(**serializer.validated_data))
