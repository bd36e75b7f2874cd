"""How long Telegram has asked all of us to be quiet (429, ``retry_after``): known to every process."""

from __future__ import annotations

import logging

from caching.errors import RedisUnavailable
from core import redis_state

logger = logging.getLogger(__name__)

KEY = "telegram:pause"


def pause(seconds: float) -> None:
    """Note that Telegram wants no message for so long."""
    try:
        redis_state.server().command("SET", KEY, 1, "PX", max(1, int(seconds * 1000)))
    except RedisUnavailable as error:
        logger.warning("Nobody else will know that Telegram wants a pause: %s", error)


def telegram_pauses() -> bool:
    """Whether the pause lasts. While Redis is away nobody knows, and Telegram would say so again."""
    try:
        return bool(redis_state.server().command("EXISTS", KEY))
    except RedisUnavailable:
        return False
