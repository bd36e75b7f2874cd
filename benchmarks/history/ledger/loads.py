"""The four loads, which are the same for all contestants."""

from typing import Any

from django.db.models import Sum

from benchmarks.history.ledger.models import Item, Owner


def load_detail(pk: int) -> dict[str, Any]:
    """Return one item with its tags and its owner."""
    item = Item.objects.filter(pk=pk).select_related("owner").order_by("pk").first()
    if item is None:
        return {"nonce": None, "tags": []}
    tags = [tag.pk for tag in item.tags.order_by("pk")]
    return {"nonce": item.nonce, "tags": tags, "owner": item.owner_id, "owner_nonce": item.owner.nonce}


def load_page(group: int, order: str) -> dict[str, Any]:
    """Return the items of a group, in the order of ``"pk"`` or ``"-pk"``."""
    items = Item.objects.filter(group=group).order_by(order)
    return {"items": [{"id": i.pk, "nonce": i.nonce, "balance": i.balance} for i in items]}


def load_owner(pk: int) -> dict[str, Any]:
    """Return an owner and the owner's items, in their order."""
    items = {str(item.pk): item.nonce for item in Item.objects.filter(owner=pk).order_by("position", "pk")}
    return {"nonce": Owner.objects.values_list("nonce", flat=True).get(pk=pk), "items": items}


def load_total() -> dict[str, Any]:
    """Return the sum of all balances, which never changes, and of all versions, which every write changes."""
    return Item.objects.aggregate(balance=Sum("balance"), stamp=Sum("version"))
