"""Callers of the API, as the clients' tests have them."""

from tests.clients.conftest import caller, own_client, staff_api

__all__ = ["caller", "own_client", "staff_api"]
