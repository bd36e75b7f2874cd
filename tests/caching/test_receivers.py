"""Receivers that raise, stay silent, or write on their own: nothing passes for announced that was not."""

from __future__ import annotations

import contextlib

import pytest
from django.db import connection, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from tests.caching.testapp.cache import book_detail, loose_names, mute_names, shelf_labels
from tests.caching.testapp.models import Book, Label, Loose, Mute, Shelf
from tests.caching.views import cached, stored

FIRST, LAST = (":expect", ":close"), (":open", ":conclude")
SIGNALS = (pre_save, post_save, pre_delete, post_delete, m2m_changed)


def _is(receiver, endings):
    """A receiver as Django keeps it opens with (its dispatch_uid or id, the sender's id)."""
    return str(receiver[0][0]).endswith(endings)


@contextlib.contextmanager
def receiving(signal, sender, work):
    """While a receiver is connected as an app's own: before all others, but for those of the cache."""
    known = signal.receivers
    signal.receivers = []
    signal.connect(work, sender=sender)
    first = [receiver for receiver in known if _is(receiver, FIRST)]
    others = [receiver for receiver in known if receiver not in first]
    signal.receivers = [*first, *signal.receivers, *others]
    signal.sender_receivers_cache.clear()
    try:
        yield
    finally:
        signal.receivers = known
        signal.sender_receivers_cache.clear()


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_caches_own_receivers_enclose_all_others(signal):
    """Whenever those were connected: a model's module is imported before its cache is declared."""
    kinds = "".join(
        "f" if _is(receiver, FIRST) else "l" if _is(receiver, LAST) else "." for receiver in signal.receivers
    )
    assert kinds == "f" * kinds.count("f") + "." * kinds.count(".") + "l" * kinds.count("l")
    assert kinds.count("f") >= 5
    assert kinds.count("l") >= 5


def execute(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def check(rows, write):
    assert cached(rows) == stored(rows)
    write()
    assert cached(rows) == stored(rows)


def fail(**_):
    raise ZeroDivisionError


IN_A_TRANSACTION = pytest.mark.parametrize("block", [contextlib.nullcontext, transaction.atomic])


@IN_A_TRANSACTION
def test_a_save_whose_receiver_raises_is_rolled_back(rows, block):
    def write():
        with contextlib.suppress(ZeroDivisionError), block():
            rows.book.title = "never"
            rows.book.save()

    with receiving(post_save, Book, fail):
        check(rows, write)
    rows.book.refresh_from_db()
    assert rows.book.title == "old"


@IN_A_TRANSACTION
def test_a_save_of_another_models_whose_receiver_raises_and_is_caught_is_noticed(rows, block):
    """Without TrackedModel the row is written although the receiver raised."""

    def write():
        with block(), contextlib.suppress(ZeroDivisionError):
            Loose.objects.create(name="written")

    with receiving(post_save, Loose, fail):
        check(rows, write)
    assert loose_names.get().value == ["written"]


def test_a_raising_pre_save_receiver_does_not_speak_for_later_statements(rows):
    Loose.objects.create(name="before")

    def write():
        with contextlib.suppress(ZeroDivisionError):
            Loose(name="never").save()
        with transaction.atomic():
            execute("UPDATE shelf_loose SET name = 'after'")

    with receiving(pre_save, Loose, fail):
        check(rows, write)
    assert loose_names.get().value == ["after"]


@pytest.mark.parametrize("signal", [pre_save, post_save])
@IN_A_TRANSACTION
def test_a_receivers_own_statement_on_the_same_table_is_noticed(rows, signal, block):
    """As in ``UPDATE … SET position = position + 1`` of the siblings."""

    def write():
        with block():
            rows.book.save()

    def move_the_others(instance, **_):
        execute("UPDATE shelf_book SET title = 'moved' WHERE id <> %s", instance.pk)

    with receiving(signal, Book, move_the_others):
        check(rows, write)


def test_a_receivers_own_statement_on_the_same_table_at_a_delete_is_noticed(rows):
    def rename_the_others(instance, **_):
        execute("UPDATE shelf_book SET title = 'renamed' WHERE id <> %s", instance.pk)

    with receiving(pre_delete, Book, rename_the_others):
        check(rows, rows.third.delete)


@IN_A_TRANSACTION
def test_what_a_receiver_saves_besides_does_not_speak_for_a_silent_model(rows, block):
    def write():
        with block():
            Mute.objects.create(name="silent")

    def save_another(**_):
        rows.book.title = "by a receiver"
        rows.book.save()

    with receiving(post_save, Mute, save_another):
        check(rows, write)
    assert mute_names.get().value == ["silent"]


def test_a_savepoint_rolled_back_by_a_receiver_leaves_the_announcement_heard(rows):
    """As ``get_or_create`` does when it loses a race."""

    def lose_a_race(**_):
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            Shelf.objects.create(name="never")
            fail()

    def write():
        with transaction.atomic():
            Mute.objects.create(name="silent")
            rows.book.title = "new"
            rows.book.save()

    with receiving(post_save, Mute, lose_a_race), receiving(pre_save, Book, lose_a_race):
        check(rows, write)


def test_nested_saves_of_one_model_are_each_noticed(rows):
    def save_the_sequel(instance, **_):
        if instance.pk == rows.pk:
            Book.objects.filter(pk=rows.sequel.pk).update(title="after the first")
            rows.third.title = "too"
            rows.third.save()

    def write():
        rows.book.title = "new"
        rows.book.save()

    with receiving(post_save, Book, save_the_sequel):
        check(rows, write)


def test_a_silent_delete_among_others_that_speak_is_noticed(rows, monkeypatch):
    """A shelf's cascade: the signals of its rows interleave, and some models' receivers say nothing."""
    Label.objects.create(name="label", shelf=rows.upper)
    monkeypatch.setattr("tests.caching.testapp.cache.shelf_labels.touch", lambda **_: None)
    check(rows, rows.upper.delete)


def test_a_cascade_touches_only_what_it_concerns(rows):
    """Deleting one shelf's label leaves the other shelf's labels where they are."""
    for shelf in (rows.upper, rows.lower):
        Label.objects.create(name="label", shelf=shelf)
    cached(rows)
    rows.upper.delete()
    assert cached(rows) == stored(rows)
    assert shelf_labels.get(pk=rows.lower.pk).x_cache == "HIT"


@pytest.mark.parametrize("signal", [pre_delete, post_delete])
def test_a_receivers_own_delete_among_rows_being_deleted_is_noticed(rows, signal):
    """Before the first row's DELETE, and after it while the second's is still announced."""
    going = [Label.objects.create(name=name, shelf=rows.upper).pk for name in ("one", "two")]
    third = Label.objects.create(name="third", shelf=rows.lower)
    called = []

    def delete_the_third(instance, **_):
        called.append(instance)
        if len(called) == (2 if signal is pre_delete else 1):
            execute("DELETE FROM shelf_label WHERE id = %s", third.pk)

    with receiving(signal, Label, delete_the_third):
        check(rows, Label.objects.filter(pk__in=going).delete)
    assert len(called) == 2


def test_a_receiver_that_raises_and_is_caught_does_not_speak_for_the_sender_around_it(rows):
    def save_a_loose_one(**_):
        with contextlib.suppress(ZeroDivisionError):
            Loose.objects.create(name="written")

    def touch_and_fail(**_):
        book_detail.invalidate(pk=1)
        fail()

    def write():
        with transaction.atomic():
            Mute.objects.create(name="silent")

    with receiving(pre_save, Mute, save_a_loose_one), receiving(post_save, Loose, touch_and_fail):
        check(rows, write)
    assert mute_names.get().value == ["silent"]
