from django.conf import settings
from django.db import models

from caching.models import TrackedModel


class Shelf(TrackedModel):
    name = models.CharField(max_length=50)


class Book(TrackedModel):
    title = models.CharField(max_length=50)
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True, related_name="books")
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="books")


class Loose(models.Model):
    """Not built on TrackedModel: its save() commits before post_save."""

    name = models.CharField(max_length=50)
