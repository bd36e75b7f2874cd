"""Clients as the API takes and gives them."""

from __future__ import annotations

from rest_framework import serializers

from api.pagination import PageQuery
from api.serializers import ModelSerializer
from clients.models import Client

MAX_SEARCH_CHARACTERS = 100


class ClientSerializer(ModelSerializer[Client]):
    """A company that subscribes, and the user who signs in for it."""

    email = serializers.EmailField(
        source="user.email", read_only=True, help_text="The e-mail address of the client's user."
    )

    class Meta:
        model = Client
        fields = ["id", "user", "email", "company_name", "full_address"]
        extra_kwargs = {
            "id": {"help_text": "The client's id."},
            "user": {"help_text": "The id of the user who signs in for the client. A user has one client."},
            "company_name": {"help_text": "The name of the company."},
            "full_address": {"help_text": "The postal address of the company."},
        }


class ClientQuery(PageQuery):
    """The parameters of the list of clients."""

    search = serializers.CharField(
        max_length=MAX_SEARCH_CHARACTERS,
        allow_blank=True,
        default="",
        help_text="Words that the company name or the e-mail address contains, each of them.",
    )
