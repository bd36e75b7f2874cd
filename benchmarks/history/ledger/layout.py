"""The rows of the ledger. This module does not import Django: the checker runs in a process without it."""

GROUPS = 3
ITEMS_OF_A_GROUP = 8
ITEMS = GROUPS * ITEMS_OF_A_GROUP
TAGS = 500
OPENING_BALANCE = 100
OWNERS = 5
ORDERS = ("pk", "-pk")  # the orders of a page


def group_of(pk: int) -> int:
    """Return the group of an item, which never changes."""
    return (pk - 1) // ITEMS_OF_A_GROUP


def owner_of(pk: int) -> int:
    """Return the first owner of an item. Unlike the group, the owner changes."""
    return pk % OWNERS + 1


def items_of(group: int) -> range:
    """Return the primary keys of a group's items."""
    return range(group * ITEMS_OF_A_GROUP + 1, (group + 1) * ITEMS_OF_A_GROUP + 1)
