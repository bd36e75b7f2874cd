"""The kinds of write. Each is one transaction and independent of the contestant.

``changed`` is the line that a careful developer adds after a write for which Django sends no signal.
"""

from __future__ import annotations

import contextlib
import io

from django.db import DataError, connection, transaction
from django.db.models import F, Func, IntegerField, Value
from django.db.models.functions import Now

from benchmarks.history.attempt import Attempt, CallbackFailed, RolledBack
from benchmarks.history.ledger.layout import group_of, owner_of
from benchmarks.history.ledger.models import Item, Order, Owner, Planned, Tag


def save(a: Attempt) -> None:
    """``save()`` outside a transaction; an item that does not exist is created."""
    item = Item.objects.filter(pk=a.pk).first()
    if item is None:
        owner = owner_of(a.pk)
        Item.objects.create(pk=a.pk, group=group_of(a.pk), owner_id=owner, nonce=a.nonce)
        return
    item.nonce = a.nonce
    item.save(update_fields=["nonce"])


def admin(a: Attempt) -> None:
    """A write as in Django's admin: the object and its tags in one transaction."""
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
    """Two calls of ``update()`` with F expressions in one transaction."""
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
    """Two calls of ``save()`` in one transaction, which also reads through the cache."""
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
    """A many-to-many change through the item."""
    Item(pk=a.pk).tags.set([a.tag])


def tags_from_the_other_side(a: Attempt) -> None:
    """A many-to-many change through the tag."""
    with a.transaction():
        for item in a.lock(a.pk):
            item.tags.clear()
            Tag.objects.get(pk=a.tag).items.add(item)


def delete(a: Attempt) -> None:
    """``delete()`` with its cascade; before that the balance is transferred to another item."""
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
    """An on_commit callback raises, so Django drops the later ones."""
    with a.transaction():
        transaction.on_commit(_fail)
        for item in a.lock(a.pk):
            item.nonce = a.nonce
            item.save()


def _fail() -> None:
    raise CallbackFailed


def rename_owner(a: Attempt) -> None:
    """``save()`` of a parent, which the details of its items show."""
    with a.transaction():
        owner = Owner.objects.get(pk=a.owner)
        owner.nonce = a.nonce
        owner.save()


def rename_owner_by_update(a: Attempt) -> None:
    """``update()`` of a parent, outside a transaction."""
    a.contestant.update(Owner.objects.filter(pk=a.owner), nonce=a.nonce)
    a.contestant.changed(Item.objects.filter(owner=a.owner).values_list("pk", flat=True))


def move(a: Attempt) -> None:
    """An item moves to another owner; the value of the former owner changes, too."""
    with a.transaction():
        for item in a.lock(a.pk):
            item.owner_id = a.owner
            item.nonce = a.nonce
            item.save()


def move_by_update(a: Attempt) -> None:
    """Two items move to another owner by one statement, outside a transaction."""
    items = Item.objects.filter(pk__in=[a.pk, a.other])
    a.contestant.update(items, owner=a.owner, nonce=a.nonce)
    a.contestant.changed([a.pk, a.other])


def move_and_rename(a: Attempt) -> None:
    """An item moves to an owner that the same transaction renames."""
    with a.transaction():
        for item in a.lock(a.pk):
            item.owner_id = a.owner
            item.nonce = a.nonce
            item.save()
            a.contestant.update(Owner.objects.filter(pk=a.owner), nonce=a.nonce)
        a.contestant.changed([a.pk])


def reorder(a: Attempt) -> None:
    """One statement gives all items of an owner a new order, as for the lessons of a module."""
    with a.transaction():
        pks = [
            item.pk
            for item in Item.objects.select_for_update(no_key=True).filter(owner=a.owner).order_by("pk")
        ]
        if not pks:
            return
        a.rng.shuffle(pks)
        place = Func(Value(pks), F("pk"), function="array_position", output_field=IntegerField())
        a.contestant.update(Item.objects.filter(pk__in=pks), position=place, nonce=a.nonce)
        a.contestant.changed(pks)


DO_BLOCK = """
DO $$ BEGIN
    EXECUTE format('UPDATE ledger_item SET nonce = %%L WHERE id = %%s', %s::text, %s);
END $$
"""


def do_block(a: Attempt) -> None:
    """A DO block that builds and runs a statement in the database."""
    a.execute(DO_BLOCK, [a.nonce, a.pk])
    a.contestant.changed([a.pk])


def function(a: Attempt) -> None:
    """A SELECT that calls a function which writes."""
    a.execute("SELECT write_item(%s, %s)", [a.pk, a.nonce])
    a.contestant.changed([a.pk])


def function_in_transaction(a: Attempt) -> None:
    """A SELECT that calls such a function, in a transaction."""
    with a.transaction():
        function(a)


def copy(a: Attempt) -> None:
    """COPY FROM, outside a transaction. It fails if the item has the tag already."""
    rows = io.StringIO(f"{a.pk}\t{a.tag}\n")
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert("COPY ledger_item_tags (item_id, tag_id) FROM STDIN", rows)
    a.contestant.changed([a.pk])


def raw_commit(a: Attempt) -> None:
    """One text with several statements, of which the second commits and the third fails."""
    with contextlib.suppress(DataError):
        a.execute("UPDATE ledger_item SET nonce = %s WHERE id = %s; COMMIT; SELECT 1 / 0", [a.nonce, a.pk])
    a.contestant.changed([a.pk])


def raw_commit_in_transaction(a: Attempt) -> None:
    """Such a text in an atomic block, which fails afterwards."""
    with a.transaction():
        raw_commit(a)
        raise CallbackFailed


def deferred(a: Attempt) -> None:
    """A trigger writes while the transaction commits."""
    with a.transaction():
        Order.objects.create(item_id=a.pk, nonce=a.nonce)
    a.contestant.changed([a.pk])


def deferred_in_autocommit(a: Attempt) -> None:
    """A deferred trigger of a statement in autocommit."""
    a.execute("INSERT INTO ledger_order (item_id, nonce) VALUES (%s, %s)", [a.pk, a.nonce])
    a.contestant.changed([a.pk])


def scheduled(a: Attempt) -> None:
    """A row for a moment is committed; a second transaction applies it, as services/scheduling.py does."""
    row = Planned.objects.create(item_id=a.pk, nonce=a.nonce)
    with a.transaction():
        a.lock(a.pk)
        due = Planned.objects.filter(pk=row.pk, applied_at=None, effective_from__lte=Now())
        if due.update(applied_at=Now()):
            a.contestant.update(Item.objects.filter(pk=a.pk), nonce=a.nonce)
            a.contestant.changed([a.pk])


def read_around(a: Attempt) -> None:
    """Reads in a transaction: they may see its own writes, so only later reads of the values are checked."""
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
    reorder: 2,
    do_block: 1,
    function: 1,
    function_in_transaction: 1,
    copy: 1,
    raw_commit: 1,
    raw_commit_in_transaction: 1,
    deferred: 1,
    deferred_in_autocommit: 1,
    scheduled: 2,
}
