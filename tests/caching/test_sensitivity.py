"""With one idea of the cache taken out, a check goes red: one that cannot fail proves nothing."""

from __future__ import annotations

import contextlib
import dataclasses
from hashlib import sha1

import pytest

from caching import invalidation, outbox, scripts, slots, tracking
from caching.guard import Guard
from caching.scripts import Script
from caching.slots import KeySlot
from caching.transaction import Changes
from tests.caching import test_interleavings as interleavings
from tests.caching import test_outbox as outboxes
from tests.caching import test_restart as restarts
from tests.caching import test_schedules as schedules
from tests.caching import test_writes as writes
from tests.caching.conftest import one_server
from tests.caching.strategies import Ours
from tests.caching.model import StaleError, explore
from tests.caching.testapp.models import Book


@contextlib.contextmanager
def expect_failure():
    with pytest.raises(AssertionError):
        yield


def alter(monkeypatch, name, old, new=""):
    """Exchange a piece of a script's text."""
    text = getattr(scripts, name).text
    assert old in text
    text = text.replace(old, new)
    monkeypatch.setattr(scripts, name, Script(text, sha1(text.encode()).hexdigest()))


# --- Compare-and-set -----------------------------------------------------------------------------


def test_without_compare_and_set_a_late_fill_stays(rows, interleaving, monkeypatch):
    alter(monkeypatch, "FILL", "return 0")
    with expect_failure():
        schedules.test_a_fill_that_comes_after_the_write_is_refused(rows, interleaving, Ours(), False)


def test_without_compare_and_set_a_late_fill_of_a_list_stays(rows, interleaving, monkeypatch):
    alter(monkeypatch, "FILL_MEMBER", "return 0")
    with expect_failure():
        schedules.test_a_late_fill_of_a_list_is_refused(rows, interleaving, Ours(), False)


# --- Bypass --------------------------------------------------------------------------------------


def test_without_the_bypass_an_uncommitted_value_stays(rows, monkeypatch):
    monkeypatch.setattr(Changes, "must_bypass", lambda self: False)
    monkeypatch.setattr(Changes, "may_store", lambda self: True)
    with expect_failure():
        schedules.test_what_a_rolled_back_transaction_read_is_not_stored(rows, Ours(), False)


@pytest.mark.parametrize("how", ["set_transaction", "attribute", "characteristics"])
def test_without_the_bypass_an_older_snapshot_stays(rows, interleaving, monkeypatch, how):
    monkeypatch.setattr(Changes, "must_bypass", lambda self: False)
    monkeypatch.setattr(Changes, "may_store", lambda self: True)
    with expect_failure():
        schedules.test_an_older_snapshot_is_not_stored(rows, interleaving, Ours(), False, how)


def test_without_asking_the_server_an_older_snapshot_stays(rows, interleaving, monkeypatch):
    monkeypatch.setattr(Changes, "may_store", lambda self: True)
    with expect_failure():
        schedules.test_an_older_snapshot_is_not_stored(rows, interleaving, Ours(), False, "server_default")


# --- Epoch ---------------------------------------------------------------------------------------


def test_without_the_epoch_check_a_whole_pattern_survives(rows, monkeypatch):
    monkeypatch.setattr(KeySlot, "look", _look_without_epoch)
    with expect_failure():
        writes.check(rows, writes.move_by_raw_sql)


def _look_without_epoch(self):
    body, stamp, self._epoch = slots.get_gateway().read(self._node.main, self._node.guard, self._pattern.main)
    valued = body is not None and stamp is not None and stamp.startswith(b"S")
    return slots._hit(body, stamp[slots.EPOCH_BYTES + 2 :]) if valued else None


# --- Guard and conclusion ------------------------------------------------------------------------


@pytest.mark.parametrize("write", [writes.move_by_raw_sql, writes.raw_delete, writes.copy_expert])
def test_without_the_guard_a_write_without_a_signal_is_missed(rows, monkeypatch, write):
    monkeypatch.setattr(Guard, "watching", lambda self, sql, cursor: contextlib.nullcontext())
    with expect_failure():
        writes.check(rows, write)


def test_without_the_conclusion_silent_receivers_are_believed(rows, monkeypatch):
    monkeypatch.setattr(Guard, "concluded", lambda self, table: self._heard.clear())
    with expect_failure():
        writes.check(rows, lambda rows: writes.in_a_transaction(writes.mute, rows))


def test_if_an_announcement_spoke_for_every_verb_a_set_null_would_be_missed(rows, monkeypatch):
    speaks_for = lambda self, write: any(w.table == write.table and n for w, n in self._open.items())  # noqa: E731
    monkeypatch.setattr(tracking, "lock", lambda model, pks, using: [])  # receivers are told of no row
    writes.check(rows, writes.delete_a_predecessor)
    rows.sequel.sequel_of = rows.book = Book.objects.create(title="old")
    rows.sequel.save()
    monkeypatch.setattr(Guard, "_speaks_for", speaks_for)
    with expect_failure():
        writes.check(rows, writes.delete_a_predecessor)


# --- Redis away, Redis restarted -----------------------------------------------------------------


@one_server
def test_without_the_outbox_a_write_during_an_outage_is_forgotten(rows, proxy, monkeypatch):
    monkeypatch.setattr(outbox, "record", lambda connection, nodes: None)
    assert outboxes.title(rows.pk) == "old"
    proxy.mode = "refuse"
    with expect_failure():
        outboxes.test_it_is_carried_out_before_this_process_reads_the_cache_again(rows, proxy)


@one_server
def test_without_distrust_a_restart_brings_old_values_back(rows, redis_server, monkeypatch):
    monkeypatch.setattr("caching.connection.distrust_after_restart", lambda connection, record: None)
    with expect_failure():
        restarts.test_an_old_snapshot_is_not_believed(rows, redis_server)


# --- In the model: every interleaving ------------------------------------------------------------


def _no_fence(monkeypatch):
    monkeypatch.setattr(invalidation, "fence", lambda nodes, token: None)


def _delete_in_place_of_the_fence(monkeypatch):
    alter(monkeypatch, "FENCE", "redis.call('ZADD', KEYS[3], now + tonumber(ARGV[2]), ARGV[1])")


def _fence_that_spares_the_lease(monkeypatch):
    alter(monkeypatch, "FENCE", "redis.call('UNLINK', KEYS[1], KEYS[2])", "redis.call('UNLINK', KEYS[1])")


def _one_fence_for_all(monkeypatch):
    alter(monkeypatch, "FENCE", "now + tonumber(ARGV[2]), ARGV[1])", "now + tonumber(ARGV[2]), 'one')")
    alter(monkeypatch, "LIFT", "redis.call('ZREM', KEYS[3], ARGV[1])", "redis.call('ZREM', KEYS[3], 'one')")


def _no_compare_and_set(monkeypatch):
    alter(monkeypatch, "FILL", "return 0")


def _no_compare_and_set_of_members(monkeypatch):
    alter(monkeypatch, "FILL_MEMBER", "return 0")


def _no_epoch_check(monkeypatch):
    monkeypatch.setattr(KeySlot, "look", _look_without_epoch)


def _epoch_begun_under_a_fence(monkeypatch):
    alter(monkeypatch, "ADMIT", "return false")


def _epoch_named_after_the_token(monkeypatch):
    zeros = "string.rep('0', 16)"
    alter(monkeypatch, "ADMIT", "string.format('%.0f', time[1] * 1000000 + time[2])", zeros)


def _lease_named_after_the_token(monkeypatch):
    zeros = "string.rep('0', 16)"
    for name in ("LEASE", "LEASE_MEMBER"):
        alter(monkeypatch, name, "string.format('%.0f', time[1] * 1000000 + time[2])", zeros)


def _lease_blind_to_fences(monkeypatch):
    for name in ("LEASE", "LEASE_MEMBER"):
        alter(monkeypatch, name, "return {'fenced'}")


def _lease_that_hits_any_epoch(monkeypatch):
    check = "string.sub(guard, 2, #ARGV[3] + 2) == ARGV[3] .. ':'"
    alter(monkeypatch, "LEASE", check, "string.sub(guard, 1, 1) == 'S'")


def _lift_that_believes_its_fence(monkeypatch):
    alter(monkeypatch, "LIFT", "redis.call('UNLINK', KEYS[1], KEYS[2])")


def _drop_that_spares_the_lease(monkeypatch):
    alter(monkeypatch, "DROP", "KEYS[1], KEYS[2]", "KEYS[1]")


def _evictable_fence(monkeypatch):
    monkeypatch.setattr("tests.caching.model.model_state.FENCES_ARE_VOLATILE", True)


@pytest.mark.parametrize(
    ("without", "scenario"),
    [
        (_no_fence, "a key"),
        (_delete_in_place_of_the_fence, "a key"),
        (_delete_in_place_of_the_fence, "its pattern"),
        (_delete_in_place_of_the_fence, "one member"),
        (_fence_that_spares_the_lease, "a key"),
        (_one_fence_for_all, "a key"),
        (_no_compare_and_set, "a key"),
        (_no_compare_and_set_of_members, "one member"),
        (_no_epoch_check, "its pattern"),
        (_epoch_begun_under_a_fence, "its pattern"),
        (_epoch_named_after_the_token, "its pattern, mishaps"),
        (_lease_named_after_the_token, "a key, mishaps"),
        (_lease_named_after_the_token, "a member, mishaps"),
        (_lease_blind_to_fences, "a key"),
        (_lease_blind_to_fences, "one member"),
        (_lease_that_hits_any_epoch, "its pattern"),
        (_lift_that_believes_its_fence, "a key, late"),
        (_drop_that_spares_the_lease, "a key, outbox"),
        (_drop_that_spares_the_lease, "a member, outbox"),
        (_evictable_fence, "a key, mishaps"),
    ],
)
@one_server
def test_some_interleaving_notices(cache_redis, monkeypatch, without, scenario):
    monkeypatch.setattr(slots, "LEASE_TTL_MS", 10**9)
    without(monkeypatch)
    known = (interleavings.SCENARIOS | interleavings.WEAK)[scenario]
    with pytest.raises(StaleError):
        explore(dataclasses.replace(known), cache_redis, monkeypatch)
