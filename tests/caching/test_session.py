"""The watch thread's database connection (recovery/session.py)."""

from __future__ import annotations

import pytest
from django.db import connection

from caching.errors import OutboxUnavailable
from caching.recovery.session import Session
from tests.caching.testapp.models import Mute


@pytest.fixture
def session(transactional_db):
    made = Session("default")
    yield made
    made.close()


def test_connection_is_another_one_and_is_kept(session):
    pids = {session.query("SELECT pg_backend_pid()")[0][0] for _ in range(3)}
    assert len(pids) == 1
    connection.ensure_connection()
    assert connection.connection.get_backend_pid() not in pids


def test_error_of_a_statement_is_unavailability_with_its_code(session):
    with pytest.raises(OutboxUnavailable) as raised:
        session.query("SELECT 1/0")
    assert raised.value.sqlstate == "22012"
    assert session.query("SELECT 1") == [(1,)]


def test_connection_that_was_cut_is_replaced(session):
    pid = session.query("SELECT pg_backend_pid()")[0][0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(OutboxUnavailable):
        session.query("SELECT 1")
    assert session.query("SELECT 1") == [(1,)]


def test_block_is_one_transaction_and_an_error_rolls_it_back(session):
    with session.transaction():
        session.query("INSERT INTO shelf_mute (name) VALUES ('kept')")
    with pytest.raises(ZeroDivisionError), session.transaction():
        session.query("INSERT INTO shelf_mute (name) VALUES ('never')")
        raise ZeroDivisionError
    assert list(Mute.objects.values_list("name", flat=True)) == ["kept"]


def test_statement_that_waits_for_a_lock_ends_after_a_second(session):
    connection.set_autocommit(False)
    try:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE caching_outbox IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(OutboxUnavailable, match="timeout"), session.transaction():
            session.query("SELECT * FROM caching_outbox")
    finally:
        connection.rollback()
        connection.set_autocommit(True)


def test_closing_twice_is_no_error(session):
    session.query("SELECT 1")
    session.close()
    session.close()
