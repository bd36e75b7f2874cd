"""Clients as the API takes and gives them."""

from __future__ import annotations

from rest_framework import serializers

from clients.models import Client


class ClientSerializer(serializers.ModelSerializer[Client]):
    email = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = Client
        fields = ["id", "user", "email", "company_name", "full_address"]
