"""Which items there are. Known without Django: the checker runs in a process that has none."""

GROUPS = 3
ITEMS_OF_A_GROUP = 8
ITEMS = GROUPS * ITEMS_OF_A_GROUP
TAGS = 500
OPENING_BALANCE = 100
OWNERS = 5
ORDERS = ("pk", "-pk")  # in which a page is listed


def group_of(pk: int) -> int:
    """The group of an item, which it never leaves."""
    return (pk - 1) // ITEMS_OF_A_GROUP


def owner_of(pk: int) -> int:
    """Return the owner that an item has at first; unlike its group, it changes."""
    return pk % OWNERS + 1


def items_of(group: int) -> range:
    """Primary keys of a group's items."""
    return range(group * ITEMS_OF_A_GROUP + 1, (group + 1) * ITEMS_OF_A_GROUP + 1)
