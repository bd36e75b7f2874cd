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
    """Its title is in the table of Book, but it does not send Book's signals."""

    megabytes = models.IntegerField(default=1)


class Paperback(Book):
    """The same rows under another class."""

    class Meta:
        proxy = True


class Label(models.Model):
    """A model to which no other model refers."""

    name = models.CharField(max_length=50)
    shelf = models.ForeignKey(Shelf, models.CASCADE, related_name="labels")


class Loose(models.Model):
    """A model whose save() commits before post_save, without a transaction around both."""

    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Mute(models.Model):
    """A model without receivers: only the triggers report its changes."""

    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name
