"""The transports of Celery's broker: what is acknowledged after the loss of a connection."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.conf import settings
from kombu import Connection

from config.addresses import for_celery
from core import redis_state


def open_connections() -> int:
    return int(redis_state.client().info("clients")["connected_clients"])


def test_an_acknowledgement_after_the_loss_of_the_broker_leaves_no_connection_open(own_redis):
    start, stop = own_redis
    start()
    with Connection(for_celery(settings.CELERY_BROKER_URL)) as link:
        channel = link.channel()
        channel.basic_consume("default", no_ack=False, callback=None, consumer_tag="one")
        with suppress(TimeoutError):
            link.drain_events(timeout=0.01)  # from now on it waits for a message
        stop()
        with pytest.raises(link.connection_errors):
            channel.close()
        start()
        before = open_connections()
        channel.basic_ack("of a task that has ended since")
        assert open_connections() == before
