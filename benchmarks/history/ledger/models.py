"""Items in groups. What moves between two items of a group is written in one transaction, so the sum
of a group's balances is the same in every state of the database, and a list that shows another sum
shows no state at all.
"""

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

Base = import_string(settings.MODEL_BASE)


class Tag(Base):  # type: ignore[misc, valid-type]
    name = models.CharField(max_length=20)


class Item(Base):  # type: ignore[misc, valid-type]
    """One row that writers compete for.

    Attributes:
        nonce: names the attempt that wrote the row, so that a value tells whether it was committed.
        version: counted by a trigger, whatever a statement says.
    """

    lock_on_save = False  # read by this product only, whose receivers name keys by the pk

    group = models.IntegerField(db_index=True)
    balance = models.IntegerField(default=0)
    nonce = models.CharField(max_length=40)
    version = models.BigIntegerField(default=0)
    tags = models.ManyToManyField(Tag, blank=True, related_name="items")
