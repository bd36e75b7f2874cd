"""Items in groups. What moves between two items of a group is written in one transaction, so the sum
of a group's balances is the same in every state of the database, and a list that shows another sum
shows no state at all.
"""

from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.name


class Owner(models.Model):
    """A parent: an item's detail shows its nonce, and items move from one owner to another."""

    nonce = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.nonce


class Item(models.Model):
    """One row that writers compete for.

    Attributes:
        nonce: names the attempt that wrote the row, so that a value tells whether it was committed.
        version: counted by a trigger, whatever a statement says.
    """

    group = models.IntegerField(db_index=True)
    owner = models.ForeignKey(Owner, models.CASCADE, related_name="items")
    balance = models.IntegerField(default=0)
    nonce = models.CharField(max_length=40)
    version = models.BigIntegerField(default=0)
    tags = models.ManyToManyField(Tag, blank=True, related_name="items")

    def __str__(self) -> str:
        return self.nonce


class Order(models.Model):
    """What a deferred trigger carries out when its transaction commits: the item gets the nonce."""

    item_id = models.BigIntegerField()
    nonce = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.nonce
