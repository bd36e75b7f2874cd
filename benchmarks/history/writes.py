"""The kinds of write that are mixed. Each is one transaction; none knows who caches.

``changed`` is the line that a careful developer adds where Django sends no signal.
"""

from __future__ import annotations

import contextlib
import io

from django.db import DataError, connection, transaction
from django.db.models import F

from benchmarks.history.attempt import Attempt, CallbackFailed, RolledBack
from benchmarks.history.ledger.layout import group_of, owner_of
from benchmarks.history.ledger.models import Item, Order, Owner, Tag


def save(a: Attempt) -> None:
    """``save()`` outside a transaction; an item that is gone is created anew."""
    item = Item.objects.filter(pk=a.pk).first()
    if item is None:
        owner = owner_of(a.pk)
        Item.objects.create(pk=a.pk, group=group_of(a.pk), owner_id=owner, nonce=a.nonce)
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


def rename_owner(a: Attempt) -> None:
    """A parent's ``save()``: the details of its items show it."""
    with a.transaction():
        owner = Owner.objects.get(pk=a.owner)
        owner.nonce = a.nonce
        owner.save()


def rename_owner_by_update(a: Attempt) -> None:
    """The same by ``update()``, outside a transaction."""
    a.contestant.update(Owner.objects.filter(pk=a.owner), nonce=a.nonce)
    a.contestant.changed(Item.objects.filter(owner=a.owner).values_list("pk", flat=True))


def move(a: Attempt) -> None:
    """An item goes to another owner: the old one's list changes, too."""
    with a.transaction():
        for item in a.lock(a.pk):
            item.owner_id = a.owner
            item.nonce = a.nonce
            item.save()


def move_by_update(a: Attempt) -> None:
    """Two items go to another owner by one statement, outside a transaction."""
    items = Item.objects.filter(pk__in=[a.pk, a.other])
    a.contestant.update(items, owner=a.owner, nonce=a.nonce)
    a.contestant.changed([a.pk, a.other])


def move_and_rename(a: Attempt) -> None:
    """An item goes to an owner that the same transaction renames."""
    with a.transaction():
        for item in a.lock(a.pk):
            item.owner_id = a.owner
            item.nonce = a.nonce
            item.save()
            a.contestant.update(Owner.objects.filter(pk=a.owner), nonce=a.nonce)
        a.contestant.changed([a.pk])


DO_BLOCK = """
DO $$ BEGIN
    EXECUTE format('UPDATE ledger_item SET nonce = %%L WHERE id = %%s', %s::text, %s);
END $$
"""


def do_block(a: Attempt) -> None:
    """A statement that is put together in the database."""
    a.execute(DO_BLOCK, [a.nonce, a.pk])
    a.contestant.changed([a.pk])


def function(a: Attempt) -> None:
    """A SELECT whose function writes."""
    a.execute("SELECT write_item(%s, %s)", [a.pk, a.nonce])
    a.contestant.changed([a.pk])


def function_in_transaction(a: Attempt) -> None:
    """The same in a transaction."""
    with a.transaction():
        function(a)


def copy(a: Attempt) -> None:
    """COPY FROM, outside a transaction. A tag that is set already is an error."""
    rows = io.StringIO(f"{a.pk}\t{a.tag}\n")
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert("COPY ledger_item_tags (item_id, tag_id) FROM STDIN", rows)
    a.contestant.changed([a.pk])


def raw_commit(a: Attempt) -> None:
    """A text of several statements that commits in the middle and fails at the end."""
    with contextlib.suppress(DataError):
        a.execute("UPDATE ledger_item SET nonce = %s WHERE id = %s; COMMIT; SELECT 1 / 0", [a.nonce, a.pk])
    a.contestant.changed([a.pk])


def raw_commit_in_transaction(a: Attempt) -> None:
    """The same in an atomic block, which fails afterwards."""
    with a.transaction():
        raw_commit(a)
        raise CallbackFailed


def deferred(a: Attempt) -> None:
    """A trigger writes while the transaction commits."""
    with a.transaction():
        Order.objects.create(item_id=a.pk, nonce=a.nonce)
    a.contestant.changed([a.pk])


def deferred_in_autocommit(a: Attempt) -> None:
    """The same, where the statement commits by itself."""
    a.execute("INSERT INTO ledger_order (item_id, nonce) VALUES (%s, %s)", [a.pk, a.nonce])
    a.contestant.changed([a.pk])


def read_around(a: Attempt) -> None:
    """Reads inside a transaction may see its own writes, so they are not judged; what they store is."""
    a.contestant.detail(a.pk)
    a.contestant.page(group_of(a.pk), "pk")
    a.contestant.owner(a.owner)
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
    rename_owner: 2,
    rename_owner_by_update: 1,
    move: 2,
    move_by_update: 1,
    move_and_rename: 1,
    do_block: 1,
    function: 1,
    function_in_transaction: 1,
    copy: 1,
    raw_commit: 1,
    raw_commit_in_transaction: 1,
    deferred: 1,
    deferred_in_autocommit: 1,
}
