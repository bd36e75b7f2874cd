"""The bot, and users who talk to it."""

from tests.accounts.conftest import api, secret, user

__all__ = ["api", "secret", "user"]
