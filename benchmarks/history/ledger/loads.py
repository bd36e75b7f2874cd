"""What is cached, and how it is loaded: the same three functions for everybody."""

from typing import Any

from django.db.models import Sum

from benchmarks.history.ledger.models import Item


def load_detail(pk: int) -> dict[str, Any]:
    """One item and its tags."""
    item = Item.objects.filter(pk=pk).order_by("pk").first()
    if item is None:
        return {"nonce": None, "tags": []}
    return {"nonce": item.nonce, "tags": [tag.pk for tag in item.tags.order_by("pk")]}


def load_page(group: int, order: str) -> dict[str, Any]:
    """The items of a group, in the order of ``"pk"`` or ``"-pk"``."""
    items = Item.objects.filter(group=group).order_by(order)
    return {"items": [{"id": i.pk, "nonce": i.nonce, "balance": i.balance} for i in items]}


def load_total() -> dict[str, Any]:
    """The sum of all balances, which never changes, and of all versions, which always does."""
    return Item.objects.aggregate(balance=Sum("balance"), stamp=Sum("version"))
