"""Items in groups.

A transfer between two items of a group is one transaction, so the sum of a group's balances is the same in
every state of the database. A list with another sum is not a state of the database.
"""

from django.db import models
from django.db.models.functions import Now


class Tag(models.Model):
    name = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.name


class Owner(models.Model):
    """The parent of items: an item's detail shows its nonce, and items move from one owner to another."""

    nonce = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.nonce


class Item(models.Model):
    """A row for which writers compete.

    Attributes:
        nonce: identifies the attempt that wrote the row, and so whether a value was committed.
        version: incremented by a trigger at every write.
        position: the place among the owner's items, which one statement changes for all of them.
    """

    group = models.IntegerField(db_index=True)
    owner = models.ForeignKey(Owner, models.CASCADE, related_name="items")
    balance = models.IntegerField(default=0)
    nonce = models.CharField(max_length=40)
    version = models.BigIntegerField(default=0)
    position = models.IntegerField(db_default=0)
    tags = models.ManyToManyField(Tag, blank=True, related_name="items")

    def __str__(self) -> str:
        return self.nonce


class Planned(models.Model):
    """A write for a moment: once that has come, the item gets the nonce."""

    item_id = models.BigIntegerField()
    nonce = models.CharField(max_length=40)
    effective_from = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.nonce


class Order(models.Model):
    """A write that a deferred trigger makes when the transaction commits: the item gets the nonce."""

    item_id = models.BigIntegerField()
    nonce = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.nonce
