from django.conf import settings
from django.db import models


class Shelf(models.Model):
    name = models.CharField(max_length=50)


class Book(models.Model):
    title = models.CharField(max_length=50)
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True, related_name="books")
    sequel_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="sequels")
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="books")


class Ebook(Book):
    """Its title lies in the table of Book, whose signals it does not send."""

    megabytes = models.IntegerField(default=1)


class Paperback(Book):
    """The same rows under another class."""

    class Meta:
        proxy = True


class Label(models.Model):
    """Nothing refers to it, so nothing but its own receivers speaks for it."""

    name = models.CharField(max_length=50)
    shelf = models.ForeignKey(Shelf, models.CASCADE, related_name="labels")


class Loose(models.Model):
    """Not built on models.Model: its save() commits before post_save."""

    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Mute(models.Model):
    """No receiver speaks for it: the guard alone watches its table."""

    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name
