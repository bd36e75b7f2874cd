"""The fixtures of accounts: a client, a user, and the bot's secret."""

from tests.accounts.conftest import api, secret, user

__all__ = ["api", "secret", "user"]
