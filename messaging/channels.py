"""The channels by which messages go out, and for how long one is paused: every process knows it."""

from __future__ import annotations

import logging

from caching.errors import RedisUnavailable
from core import redis_state

logger = logging.getLogger(__name__)

TELEGRAM = "telegram"
EMAIL = "email"
PAUSE_SECONDS = 10  # of a channel that cannot be connected to
# Of one that took a message and did not answer: each such message is uncertain, so they are to be few.
PAUSE_AFTER_SILENCE_SECONDS = 30


def pause_channel(channel: str, seconds: float) -> None:
    """Have no process use the channel for some seconds: its server asked for it, or does not answer."""
    try:
        redis_state.server().command("SET", _key(channel), 1, "PX", max(1, int(seconds * 1000)))
    except RedisUnavailable as error:
        logger.warning("Other processes do not know that %s is paused: %s", channel, error)


def is_paused(channel: str) -> bool:
    """Return whether the channel is paused; False while Redis is away, as the pause is then unknown."""
    try:
        return bool(redis_state.server().command("EXISTS", _key(channel)))
    except RedisUnavailable:
        return False


def _key(channel: str) -> str:
    return f"messaging:pause:{channel}"
