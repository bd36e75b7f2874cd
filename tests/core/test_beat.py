"""Beat records that it runs; a broker that is away costs a line and no traceback."""

from __future__ import annotations

import logging
import time

from config.celery import app
from core import beat
from tests.support.broker import queued


def scheduler(tmp_path):
    return beat.Scheduler(app=app, lazy=True, schedule_filename=str(tmp_path / "schedule"))


def entry():
    return beat.Scheduler.Entry(name="repair", task="caching.contrib.celery.repair", schedule=15, app=app)


def test_a_published_task_is_recorded_as_a_run(tmp_path):
    assert beat.last_run() is None
    scheduler(tmp_path).apply_entry(entry())
    assert queued() == ["caching.contrib.celery.repair"]
    assert time.time() - beat.last_run() < 60


def test_a_broker_that_is_away_costs_a_line(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with app.connection_for_write("redis://127.0.0.1:1/0") as connection:
        producer = app.amqp.Producer(connection, auto_declare=False)
        scheduler(tmp_path).apply_entry(entry(), producer=producer)
    failed = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage().count("\n") for record in failed] == [0]
    assert failed[0].getMessage().startswith("caching.contrib.celery.repair is not sent: ")
    assert failed[0].exc_info is None
    assert beat.last_run() is None
