"""The kinds of write that are mixed. Each is one transaction; none knows who caches.

``changed`` is the line that a careful developer adds where Django sends no signal.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from benchmarks.history.attempt import Attempt, CallbackFailed, RolledBack
from benchmarks.history.ledger.layout import group_of
from benchmarks.history.ledger.models import Item, Tag


def save(a: Attempt) -> None:
    """``save()`` outside a transaction; an item that is gone is created anew."""
    item = Item.objects.filter(pk=a.pk).first()
    if item is None:
        Item.objects.create(pk=a.pk, group=group_of(a.pk), nonce=a.nonce)
        return
    item.nonce = a.nonce
    item.save(update_fields=["nonce"])


def admin(a: Attempt) -> None:
    """What the admin does: the object and its tags in one transaction."""
    with a.transaction():
        for item in a.lock(a.pk):
            item.nonce = a.nonce
            item.save()
            item.tags.set([a.tag])


def update(a: Attempt) -> None:
    """``QuerySet.update()`` outside a transaction."""
    a.contestant.update(Item.objects.filter(pk=a.pk), nonce=a.nonce)
    a.contestant.changed([a.pk])


def transfer_by_update(a: Attempt) -> None:
    """Two ``update()`` with F expressions in one transaction."""
    with a.transaction():
        if len(a.lock(a.pk, a.other)) == 2:
            for pk, amount in ((a.pk, a.amount), (a.other, -a.amount)):
                item = Item.objects.filter(pk=pk)
                a.contestant.update(item, balance=F("balance") + amount, nonce=a.nonce)
            a.contestant.changed([a.pk, a.other])


def transfer_by_bulk_update(a: Attempt) -> None:
    """``bulk_update`` of two rows."""
    with a.transaction():
        items = a.lock(a.pk, a.other)
        if len(items) == 2:
            for item, amount in zip(items, (a.amount, -a.amount), strict=True):
                item.balance += amount
                item.nonce = a.nonce
            Item.objects.bulk_update(items, ["balance", "nonce"])
            a.contestant.changed([a.pk, a.other])


def transfer_by_saves(a: Attempt) -> None:
    """Two ``save()`` in one transaction, whose own reads go through the cache."""
    with a.transaction():
        items = a.lock(a.pk, a.other)
        if len(items) == 2:
            for item, amount in zip(items, (a.amount, -a.amount), strict=True):
                item.balance += amount
                item.nonce = a.nonce
                item.save()
                read_around(a)


def raw(a: Attempt) -> None:
    """SQL through Django's connection, outside a transaction."""
    a.execute("UPDATE ledger_item SET nonce = %s WHERE id = %s", [a.nonce, a.pk])
    a.contestant.changed([a.pk])


def tags(a: Attempt) -> None:
    """A many-to-many change from the item's side."""
    Item(pk=a.pk).tags.set([a.tag])


def tags_from_the_other_side(a: Attempt) -> None:
    """The same from the tag's side."""
    with a.transaction():
        for item in a.lock(a.pk):
            item.tags.clear()
            Tag.objects.get(pk=a.tag).items.add(item)


def delete(a: Attempt) -> None:
    """``delete()`` with its cascade; the balance goes to another item first."""
    with a.transaction():
        items = {item.pk: item for item in a.lock(a.pk, a.other)}
        if len(items) == 2:
            heir = items[a.other]
            heir.balance += items[a.pk].balance
            heir.nonce = a.nonce
            heir.save()
            items[a.pk].delete()


def rollback(a: Attempt) -> None:
    """A transaction that writes, reads what it wrote through the cache, and fails."""
    with a.transaction():
        for item in a.lock(a.pk):
            item.nonce = a.nonce
            item.save()
            item.tags.set([a.tag])
        a.contestant.update(Item.objects.filter(pk=a.other), nonce=a.nonce)
        a.contestant.changed([a.other])
        read_around(a)
        raise RolledBack


def callback_fails(a: Attempt) -> None:
    """An earlier on_commit callback raises: Django drops those after it."""
    with a.transaction():
        transaction.on_commit(_fail)
        for item in a.lock(a.pk):
            item.nonce = a.nonce
            item.save()


def _fail() -> None:
    raise CallbackFailed


def read_around(a: Attempt) -> None:
    """Reads inside a transaction may see its own writes, so they are not judged; what they store is."""
    a.contestant.detail(a.pk)
    a.contestant.page(group_of(a.pk), "pk")
    a.contestant.total()


KINDS = {
    save: 3,
    admin: 2,
    update: 2,
    transfer_by_update: 2,
    transfer_by_bulk_update: 2,
    transfer_by_saves: 2,
    raw: 2,
    tags: 2,
    tags_from_the_other_side: 1,
    delete: 1,
    rollback: 2,
    callback_fails: 1,
}
