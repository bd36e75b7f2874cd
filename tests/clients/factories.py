"""Rows of clients. The factory gives a valid row; a test names only what it is about."""

from __future__ import annotations

import factory

from clients.models import Client
from tests.factories import UserFactory


class ClientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Client

    user = factory.SubFactory(UserFactory)
    company_name = factory.Sequence("Company {}".format)
    full_address = "1 Main Street"
