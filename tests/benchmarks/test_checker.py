"""The checker sees each kind of violation in a history that has it, and none in one that has none.

Times are small integers. ``seed`` was acknowledged at 0; each attempt is (committing, ended).
"""

import json

import pytest

from benchmarks.history import journal
from benchmarks.history.checker import BACKWARDS, INCONSISTENT, STALE, UNCOMMITTED, Checker
from benchmarks.history.journal import Entry
from benchmarks.history.ledger.layout import ITEMS, OPENING_BALANCE, OWNERS, items_of, owner_of
from benchmarks.history.log import Attempt, Read

SEED = Attempt("seed", "seed", 0, 0, "acknowledged")


def seeds():
    for pk in range(1, ITEMS + 1):
        yield Entry("seed", f"item:{pk}", 1, "seed")
        yield Entry("seed", f"tags:{pk}", 1, str(pk))
    for pk in range(1, OWNERS + 1):
        yield Entry("seed", f"owner:{pk}", 1, "seed")
        yield Entry("seed", f"members:{pk}", 1, ",".join(map(str, seed_members(pk))))


def seed_members(owner):
    return [pk for pk in range(1, ITEMS + 1) if owner_of(pk) == owner]


def registers(*writes):
    """``writes``: (attempt, {register: (version, value)}), in the order of commits."""
    attempts = {"seed": SEED, **{attempt.name: attempt for attempt, _ in writes}}
    entries = [
        Entry(attempt.name, register, version, value)
        for attempt, rows in writes
        for register, (version, value) in rows.items()
    ]
    return journal.build([*seeds(), *entries], attempts)


def acknowledged(name, committing, ended):
    return Attempt(name, "save", committing, ended, "acknowledged")


def killed(name, started):
    return Attempt(name, "save", started)


def detail(began, ended, nonce, tags=(1,), pk=1):
    return Read("detail", str(pk), began, ended, 0, json.dumps({"nonce": nonce, "tags": list(tags)}))


def page(began, ended, gone=(), balances=None, **nonces):
    """A page of the first group; ``n2="x"`` is item 2's nonce, everything else is as seeded."""
    items = [
        {
            "id": pk,
            "nonce": nonces.get(f"n{pk}", "seed"),
            "balance": (balances or {}).get(pk, OPENING_BALANCE),
        }
        for pk in items_of(0)
        if pk not in gone
    ]
    return Read("page", "0:pk", began, ended, 0, json.dumps({"items": items}))


def owner(began, ended, nonce, without=(), **nonces):
    """Owner 1's list; ``n5="x"`` is item 5's nonce."""
    items = {str(pk): nonces.get(f"n{pk}", "seed") for pk in seed_members(1) if pk not in without}
    return Read("owner", "1", began, ended, 0, json.dumps({"nonce": nonce, "items": items}))


def total(began, ended, stamp, balance=ITEMS * OPENING_BALANCE):
    return Read("total", "", began, ended, 0, json.dumps({"balance": balance, "stamp": stamp}))


def broken_rules(registers, *reads):
    """The rules that the last of ``reads`` broke; the others broke none."""
    verdicts = Checker(registers).judge(reads)
    assert [read for read, _ in verdicts] in ([], [reads[-1]])
    return verdicts[0][1] if verdicts else set()


ONE_SAVE = registers((acknowledged("x", 10, 20), {"item:1": (2, "x")}))


@pytest.mark.parametrize(
    ("read", "broken"),
    [
        (detail(1, 2, "seed"), set()),
        (detail(1, 15, "x"), set()),  # COMMIT was under way
        (detail(19, 30, "seed"), set()),  # began before control was back
        (detail(21, 30, "x"), set()),
        (detail(21, 30, "seed"), {STALE}),
        (detail(1, 9, "x"), {UNCOMMITTED}),  # committed later, but not sent when the read ended
        (detail(1, 9, "never committed"), {UNCOMMITTED}),
        (page(21, 30, n1="x"), set()),
        (page(21, 30), {STALE}),
        (total(21, 30, ITEMS + 1), set()),
        (total(11, 15, ITEMS), set()),
        (total(11, 15, ITEMS + 1), set()),
        (total(21, 30, ITEMS), {STALE}),
        (total(1, 9, ITEMS + 1), {INCONSISTENT}),
        (total(1, 2, ITEMS, balance=7), {INCONSISTENT}),
    ],
)
def test_one_save_is_seen_from_its_acknowledgement_and_not_before_its_commit(read, broken):
    assert broken_rules(ONE_SAVE, read) == broken


def test_going_back_behind_what_another_read_showed_is_seen_before_the_acknowledgement():
    assert broken_rules(ONE_SAVE, detail(11, 12, "x"), detail(13, 14, "seed")) == {BACKWARDS}
    assert broken_rules(ONE_SAVE, detail(11, 12, "x"), page(13, 14)) == {BACKWARDS}


def test_overlapping_reads_may_differ():
    assert broken_rules(ONE_SAVE, detail(11, 13, "x"), detail(12, 14, "seed")) == set()


def test_the_older_of_two_acknowledged_versions_is_stale():
    history = registers(
        (acknowledged("x", 10, 20), {"item:1": (2, "x")}),
        (acknowledged("y", 30, 40), {"item:1": (3, "y")}),
    )
    assert broken_rules(history, detail(41, 42, "x")) == {STALE}
    assert broken_rules(history, detail(25, 35, "x")) == set()


def test_a_killed_writer_promises_nothing_but_what_committed_counts_once_seen():
    history = registers((killed("x", 10), {"item:1": (2, "x")}))
    assert broken_rules(history, detail(50, 51, "seed")) == set()
    assert broken_rules(history, detail(50, 51, "x")) == set()
    assert broken_rules(history, detail(50, 51, "x"), detail(52, 53, "seed")) == {BACKWARDS}


def test_a_failed_attempt_that_the_journal_has_is_committed():
    failed = Attempt("x", "save", 10, 20, "failed")
    assert broken_rules(registers((failed, {"item:1": (2, "x")})), detail(50, 51, "x")) == set()


TRANSFER = registers((acknowledged("x", 10, 20), {"item:1": (2, "x"), "item:2": (2, "x")}))


def test_half_of_a_transaction_is_inconsistent():
    assert broken_rules(TRANSFER, page(11, 15, n1="x")) == {INCONSISTENT}
    assert broken_rules(TRANSFER, page(11, 15, n1="x", n2="x")) == set()


def test_balances_that_do_not_add_up_are_inconsistent():
    assert broken_rules(TRANSFER, page(11, 15, balances={1: 95})) == {INCONSISTENT}
    assert broken_rules(TRANSFER, page(11, 15, balances={1: 95, 2: 105})) == set()


def test_versions_that_were_never_current_together_are_inconsistent():
    history = registers(
        (acknowledged("x", 10, 20), {"item:1": (2, "x")}),
        (acknowledged("y", 30, 40), {"item:2": (2, "y")}),
    )
    # A read as long as both writes is neither stale nor backwards, and yet it shows no state.
    assert broken_rules(history, page(5, 50, n2="y")) == {INCONSISTENT}
    assert broken_rules(history, page(5, 50, n1="x")) == set()


GONE = registers(
    (acknowledged("x", 10, 20), {"item:1": (2, None), "tags:1": (2, None)}),
    (acknowledged("y", 30, 40), {"item:1": (3, "y")}),
)


def test_a_deleted_item_is_a_version_like_any_other():
    assert broken_rules(GONE, page(21, 25, gone=[1], balances={2: 200})) == set()
    assert broken_rules(GONE, page(21, 25)) == {STALE}
    assert broken_rules(GONE, detail(41, 42, None, tags=[])) == {STALE}
    assert broken_rules(GONE, detail(1, 9, None, tags=[])) == {UNCOMMITTED}
    assert broken_rules(GONE, total(21, 25, ITEMS - 1)) == set()
    assert broken_rules(GONE, total(41, 45, ITEMS - 1)) == {STALE}


def test_tags_are_registers_of_their_own():
    history = registers((acknowledged("x", 10, 20), {"tags:1": (3, "7")}))
    assert broken_rules(history, detail(21, 22, "seed", tags=[1])) == {STALE}
    assert broken_rules(history, detail(21, 22, "seed", tags=[7])) == set()
    assert broken_rules(history, detail(21, 22, "seed", tags=[1, 7])) == {UNCOMMITTED}


def test_a_detail_shows_its_owner_and_an_owner_its_members():
    history = registers(
        (acknowledged("x", 10, 20), {"owner:2": (2, "x")}),
        (
            acknowledged("y", 30, 40),
            {"item:5": (2, "y"), "members:1": (2, "10,15,20"), "members:2": (2, "5")},
        ),
    )
    shown = {"nonce": "seed", "tags": [1], "owner": 2, "owner_nonce": "seed"}
    assert broken_rules(history, Read("detail", "1", 21, 22, 0, json.dumps(shown))) == {STALE}
    assert broken_rules(history, Read("detail", "1", 5, 15, 0, json.dumps(shown))) == set()
    assert broken_rules(history, owner(21, 22, "seed")) == set()
    assert broken_rules(history, owner(41, 42, "seed")) == {STALE}  # it still shows the item that has moved
    assert broken_rules(history, owner(41, 42, "seed", without=[5])) == set()


def test_a_value_that_several_versions_have_counts_as_the_one_that_makes_the_read_right():
    history = registers(
        (acknowledged("x", 10, 20), {"item:1": (2, None)}),
        (acknowledged("y", 30, 40), {"item:1": (3, "y")}),
        (acknowledged("z", 50, 60), {"item:1": (4, None)}),
    )
    assert broken_rules(history, page(15, 55, gone=[1], balances={2: 200}), detail(56, 57, "y")) == set()
    assert broken_rules(history, detail(61, 62, None)) == set()


def test_of_one_transaction_only_the_last_version_is_visible():
    entries = [*seeds(), Entry("x", "tags:1", 2, None), Entry("x", "tags:1", 3, "7")]
    attempts = {"seed": SEED, "x": acknowledged("x", 10, 20)}
    history = journal.build(entries, attempts)
    assert broken_rules(history, detail(11, 15, "seed", tags=[])) == {UNCOMMITTED}


@pytest.mark.parametrize(
    ("read", "differs"),
    [
        (detail(50, 51, "x"), False),
        (detail(50, 51, "seed"), True),
        (page(50, 51, n1="x"), False),
        (page(50, 51), True),
        (total(50, 51, ITEMS + 1), False),
        (total(50, 51, ITEMS), True),
        (total(50, 51, ITEMS + 1, balance=0), True),
    ],
)
def test_at_rest_everything_equals_the_database(read, differs):
    # It was not acknowledged; but after the last write the cache must have invalidated it.
    history = registers((killed("x", 10), {"item:1": (2, "x")}))
    assert Checker(history).differs_from_database(read) is differs


@pytest.mark.parametrize("attempts", [{}, {"x": Attempt("x", "rollback", 1, 2, "rolled back")}])
def test_a_journal_that_contradicts_the_logs_is_refused(attempts):
    with pytest.raises(ValueError, match="x "):
        journal.build([Entry("x", "item:1", 1, "x")], attempts)
