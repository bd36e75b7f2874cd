"""Without one part of the cache, a check must fail: a check that cannot fail proves nothing."""

from __future__ import annotations

import contextlib

import pytest
from django.db import connection

from caching.read import entries
from caching.read.result import CacheResult
from caching.recovery import fences
from caching.testing import changed_script, check_now, replaced, timing
from tests.caching import test_interleavings as interleavings
from tests.caching import test_outage as outages
from tests.caching import test_outbox as outboxes
from tests.caching import test_resolve as resolving
from tests.caching import test_restart as restarts
from tests.caching import test_schedules as schedules
from tests.caching import test_shape as shapes
from tests.caching import test_writes as writes
from tests.caching.conftest import one_server
from tests.caching.model import StaleError
from tests.caching.strategies import Ours


@contextlib.contextmanager
def expect_failure():
    with pytest.raises(AssertionError):
        yield


def nothing(*_, **__):
    return None


def no(*_, **__):
    return False


def yes(*_, **__):
    return True


# --- Compare-and-set -----------------------------------------------------------------------------


def test_without_compare_and_set_a_late_fill_stays(rows, interleaving):
    with changed_script("FILL", "return 0", ""), expect_failure():
        schedules.test_a_fill_that_comes_after_the_write_is_refused(rows, interleaving, Ours(), False)


def test_without_compare_and_set_a_late_fill_of_a_list_stays(rows, interleaving):
    with changed_script("FILL_FIELD", "return 0", ""), expect_failure():
        schedules.test_a_late_fill_of_a_list_is_refused(rows, interleaving, Ours(), False)


# --- Bypass --------------------------------------------------------------------------------------


@pytest.fixture
def without_bypass(rows):
    check_now()
    with replaced("bypass", no), replaced("may store", yes):
        yield


def test_without_the_bypass_an_uncommitted_value_stays(rows, without_bypass):
    with expect_failure():
        schedules.test_what_a_rolled_back_transaction_read_is_not_stored(rows, Ours(), False)


@pytest.mark.parametrize("how", ["set_transaction", "attribute", "characteristics"])
def test_without_the_bypass_an_older_snapshot_stays(rows, interleaving, without_bypass, how):
    with expect_failure():
        schedules.test_an_older_snapshot_is_not_stored(rows, interleaving, Ours(), False, how)


def test_without_asking_the_server_an_older_snapshot_stays(rows, interleaving):
    check_now()
    with replaced("may store", yes), expect_failure():
        schedules.test_an_older_snapshot_is_not_stored(rows, interleaving, Ours(), False, "server_default")


# --- Generation and shape ------------------------------------------------------------------------


def test_without_the_generation_check_a_whole_group_survives(rows):
    with replaced("look", _look_without_generation), expect_failure():
        writes.check(rows, writes.many_rows_at_once)


def _look_without_generation(entry):
    body, tag, entry.generation = _read(entry)
    is_value = body is not None and tag is not None and tag.startswith(b"S")
    return CacheResult(body, "HIT", "hit") if is_value else None


def test_without_the_shape_check_one_release_reads_the_values_of_another(declare):
    with replaced("look", _look_without_shape), expect_failure():
        shapes.test_two_releases_beside_each_other_each_read_their_own_shape(declare)


def _look_without_shape(entry):
    body, tag, entry.generation = _read(entry)
    if body is None or tag is None or entry.generation is None or not tag.startswith(b"S"):
        return None
    return CacheResult(body, "HIT", "hit") if tag.split(b":")[1] == entry.generation else None


def _read(entry):
    return entries.get_gateway().read(entry.target.key, entry.target.lease_key, entry.group.key)


# --- Reports, and what they lead to ----------------------------------------------------------------


@pytest.mark.parametrize(
    "write", [writes.save, writes.move_by_raw_sql, writes.raw_delete, writes.copy_expert]
)
def test_without_the_reports_a_write_is_missed(rows, write):
    with replaced("report", nothing), expect_failure():
        writes.check(rows, write)


@pytest.fixture
def reports_without(transactional_db):
    """Return a function that makes the trigger of the books omit its old or new rows during the test."""
    function = _run(
        "SELECT pg_get_functiondef(tgfoid) FROM pg_trigger"
        " WHERE tgrelid = 'shelf_book'::regclass AND tgname = 'caching_update'"
    )[0]

    def change(table):
        fewer = function.replace(f"FROM caching_{table}", f"FROM caching_{table} WHERE false")
        assert fewer != function
        _run(fewer)

    yield change
    _run(function)


def _run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [value for (value,) in cursor.fetchall()] if cursor.description else []


@pytest.mark.parametrize("write", [writes.move_by_save, writes.move_by_update, writes.move_by_raw_sql])
@pytest.mark.parametrize("table", ["old", "new"])
def test_without_old_or_new_rows_one_of_two_parents_stays(rows, reports_without, write, table):
    reports_without(table)
    with expect_failure():
        writes.check(rows, write)


def _counts_without_locking(_resolver, table, column, values, _strength):
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}" = ANY(%s)', [values])
        return cursor.fetchone()[0]


def test_without_locks_a_row_that_comes_in_between_is_missed(rows, interleaving):
    with replaced("lock rows", _counts_without_locking), expect_failure():
        resolving.test_a_row_that_comes_under_a_changed_one_before_its_commit_is_not_missed(
            rows, interleaving
        )


# --- Redis away, Redis restarted -------------------------------------------------------------------


@one_server
def test_without_the_outbox_a_write_during_an_outage_is_lost(rows, proxy):
    assert outboxes.title(rows.pk) == "old"
    proxy.mode = "refuse"
    with replaced("record", nothing), expect_failure():
        outboxes.test_it_is_carried_out_before_this_process_reads_the_cache_again(rows, proxy)


@one_server
def test_without_the_drain_a_write_during_an_outage_is_lost(rows, proxy):
    assert outboxes.title(rows.pk) == "old"
    proxy.mode = "refuse"
    with replaced("drain", nothing), expect_failure():
        outboxes.test_it_is_carried_out_before_this_process_reads_the_cache_again(rows, proxy)


@one_server
def test_without_trust_a_refusal_of_writes_alone_leaves_an_old_value(rows, redis_server):
    with replaced("trust", yes), expect_failure():
        outages.test_a_refusal_of_writes_alone_is_an_outage(rows, redis_server)


@one_server
def test_without_the_grace_a_value_is_served_that_another_process_is_recording(rows, proxy, child):
    assert outboxes.title(rows.pk) == "old"
    proxy.mode = "refuse"
    with timing(trust=60, tick=60), replaced("grace", no), expect_failure():
        outboxes.test_a_process_that_is_back_first_does_not_serve_what_another_one_is_recording(
            rows, proxy, child
        )


@one_server
def test_without_distrust_a_restart_brings_old_values_back(rows, redis_server):
    with replaced("distrust", nothing), expect_failure():
        restarts.test_values_of_an_old_snapshot_are_not_served(rows, redis_server)


# --- In the model: every interleaving --------------------------------------------------------------


TIME = "string.format('%.0f', time[1] * 1000000 + time[2])"
ZEROS = "string.rep('0', 16)"


def no_fence():
    return replaced("fence", nothing)


def delete_in_place_of_the_fence():
    return changed_script("FENCE", "redis.call('ZADD', KEYS[3], now + tonumber(ARGV[2]), ARGV[1])", "")


def fence_that_spares_the_lease():
    return changed_script("FENCE", "redis.call('UNLINK', KEYS[1], KEYS[2])", "redis.call('UNLINK', KEYS[1])")


@contextlib.contextmanager
def one_fence_for_all():
    with (
        changed_script("FENCE", "now + tonumber(ARGV[2]), ARGV[1])", "now + tonumber(ARGV[2]), 'one')"),
        changed_script("LIFT", "redis.call('ZREM', KEYS[3], ARGV[1])", "redis.call('ZREM', KEYS[3], 'one')"),
    ):
        yield


def no_compare_and_set():
    return changed_script("FILL", "return 0", "")


def no_compare_and_set_of_fields():
    return changed_script("FILL_FIELD", "return 0", "")


def no_generation_check():
    return replaced("look", _look_without_generation)


def generation_begun_under_a_fence():
    return changed_script("GET_GENERATION", "return false", "")


def generation_named_after_the_token():
    return changed_script("GET_GENERATION", TIME, ZEROS)


@contextlib.contextmanager
def lease_named_after_the_token():
    with changed_script("LEASE", TIME, ZEROS), changed_script("LEASE_FIELD", TIME, ZEROS):
        yield


@contextlib.contextmanager
def lease_blind_to_fences():
    with (
        changed_script("LEASE", "return {'fenced'}", ""),
        changed_script("LEASE_FIELD", "return {'fenced'}", ""),
    ):
        yield


def lease_that_hits_any_generation():
    return changed_script("LEASE", "string.sub(held, 1, #tag) == tag", "string.sub(held, 1, 1) == 'S'")


def lift_that_relies_on_its_fence():
    return changed_script("LIFT", "redis.call('UNLINK', KEYS[1], KEYS[2])", "")


def drop_that_spares_the_lease():
    return changed_script("DROP", "KEYS[1], KEYS[2]", "KEYS[1]")


@contextlib.contextmanager
def evictable_fence():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tests.caching.model.model_state.FENCES_ARE_VOLATILE", True)
        yield


@contextlib.contextmanager
def fence_that_expires():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tests.caching.model.model_state.FENCES_EXPIRE", True)
        yield


@contextlib.contextmanager
def lifting_that_does_not_ask_the_database():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fences, "IS_OVER", "SELECT true")
        yield


@pytest.mark.parametrize(
    ("without", "scenario"),
    [
        (no_fence, "a key"),
        (delete_in_place_of_the_fence, "a key"),
        (delete_in_place_of_the_fence, "its pattern"),
        (delete_in_place_of_the_fence, "one field"),
        (fence_that_spares_the_lease, "a key"),
        (one_fence_for_all, "a key"),
        (no_compare_and_set, "a key"),
        (no_compare_and_set_of_fields, "one field"),
        (no_generation_check, "its pattern"),
        (generation_begun_under_a_fence, "its pattern"),
        (generation_named_after_the_token, "its pattern, mishaps"),
        (lease_named_after_the_token, "a key, mishaps"),
        (lease_named_after_the_token, "a field, mishaps"),
        (lease_blind_to_fences, "a key"),
        (lease_blind_to_fences, "one field"),
        (lease_that_hits_any_generation, "its pattern"),
        (lease_that_hits_any_generation, "its pattern, by the edge"),
        (lease_blind_to_fences, "a key, by the edge"),
        (lift_that_relies_on_its_fence, "a key, flush"),
        (drop_that_spares_the_lease, "a key, outbox"),
        (drop_that_spares_the_lease, "a field, outbox"),
        (evictable_fence, "a key, mishaps"),
        (fence_that_expires, "a key, late"),
        (fence_that_expires, "its pattern, late"),
        (lifting_that_does_not_ask_the_database, "a key, overdue"),
        (lifting_that_does_not_ask_the_database, "a field, overdue"),
    ],
)
@one_server
def test_some_interleaving_notices(cache_redis, without, scenario):
    with without(), pytest.raises(StaleError):
        interleavings.explore_by_name(scenario, cache_redis)
