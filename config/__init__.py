"""The project. Importing it starts no server and opens no connection."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
