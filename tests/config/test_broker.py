"""A real worker with beat, and a broker that fails; at a Unix socket, which Celery writes differently."""

import pytest

from core import redis_state
from tests.support.waiting import until
from tests.support.workers import working

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TASK = "services.tasks.repair"  # every 3 seconds


@pytest.mark.parametrize("trouble", ["turns replica", "is started again"])
def test_a_worker_and_beat_survive_a_broker_that(own_redis, tmp_path, trouble):
    start, stop = own_redis
    start()
    with working(tmp_path, beat=True) as worker:
        until(lambda: worker.runs(TASK))
        if trouble == "turns replica":
            redis_state.client().replicaof("127.0.0.1", "1")
            until(lambda: "Connection to broker lost" in worker.log or worker.process.poll() is not None)
            redis_state.client().replicaof("NO", "ONE")
        else:
            stop()
            until(lambda: "Connection to broker lost" in worker.log)
            start()
        before = worker.runs(TASK)
        until(lambda: worker.runs(TASK) > before + 1 or worker.process.poll() is not None)
        assert worker.process.poll() is None, worker.log[-3000:]
