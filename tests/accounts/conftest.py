"""A client, a user, and the bot's secret."""

import pytest
from rest_framework.test import APIClient

from messaging.telegram.bot import SECRET_HEADER
from tests.factories import UserFactory
from tests.support.telegram import SECRET


@pytest.fixture
def api():
    """A client whose failures are answers, as a server's are."""
    return APIClient(raise_request_exception=False)


@pytest.fixture
def user(db):
    return UserFactory(username="anna", email="anna@example.com")


@pytest.fixture
def secret(settings):
    """The header by which the bot is known."""
    settings.TELEGRAM_WEBHOOK_SECRET = SECRET
    return {SECRET_HEADER: SECRET}
