"""The drills' load sees a stale read, a failure, and when it was over; the report finds a bound missed."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.drills import load, report
from benchmarks.drills.drill import Drill
from benchmarks.drills.load import Answer, Trial
from tests.courses.factories import CourseFactory
from tests.support.servers import serving


def answer(family, began, failure="", numbers=()):
    return Answer(family, began, began + 0.1, failure, None, numbers)


@pytest.mark.parametrize(
    ("number", "began", "stale"), [(2, 25, 0), (1, 25, 1), (1, 20.05, 0), (-1, 0, 0), (-1, 5, 1)]
)
def test_a_title_is_stale_that_an_acknowledged_write_had_replaced(number, began, stale):
    trial = Trial(0, "")
    trial.writes += [answer("write", 10.0 * each) for each in range(3)]
    trial.answers.append(answer("written", began, numbers=(number,)))
    assert trial.stale() == stale


def test_a_write_without_an_answer_may_have_happened_and_replaces_nothing():
    trial = Trial(0, "")
    trial.writes += [answer("write", 0), answer("write", 10, failure="503")]
    for number in (0, 1):
        trial.answers.append(answer("written", 20, numbers=(number,)))
    assert trial.stale() == 0


def test_recovery_is_counted_from_the_end_of_the_fault():
    trial = Trial(0, "")
    trial.starts["end"] = 100.0
    assert trial.recovery() == 0
    trial.answers += [answer("cached", 90, "503"), answer("cached", 102, "503"), answer("cached", 110)]
    assert trial.recovery() == pytest.approx(2.1)


@contextmanager
def failing():
    """A server that answers everything with 500."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(500)

        do_PATCH = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def missed_at(port, monkeypatch):
    """Return the bounds that two seconds of load on a server miss."""
    monkeypatch.setattr(load, "WARM_UP_SECONDS", 0.5)
    trial, drill = Trial(port, ""), Drill(seconds=0.5)
    trial.run(drill, before=0.6, after=0.6)
    assert "drill" in report.line("drill", trial)
    return set(report.missed(drill, trial))


def test_the_load_finds_500(monkeypatch):
    with failing() as port:
        assert {"500", "failures", "live"} <= missed_at(port, monkeypatch)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_load_finds_what_the_project_refuses(monkeypatch):
    """Without a token writes are refused; nothing is a 500, and nothing is stale."""
    CourseFactory()
    with serving("two processes", NUM_PROXIES="1") as port:
        missed = missed_at(port, monkeypatch)
    assert "failures" in missed
    assert not {"500", "stale", "load"} & missed
