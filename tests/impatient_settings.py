"""The project's settings, with a beat that repairs prices more often than every 20 s: tests wait for it."""

from config.settings import *  # noqa: F403
from config.settings import CELERY_BEAT_SCHEDULE

CELERY_BEAT_SCHEDULE["services: bring prices up to date"]["schedule"] = 3
