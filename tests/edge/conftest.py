import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from tests.edge.support import Site


@pytest.fixture
def site(db):
    """The application in this thread, on the test's connection: as Django's test client does it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield Site()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
