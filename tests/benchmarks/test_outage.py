"""The benchmark of an outage finds stale reads."""

import pytest

from benchmarks.outage import Answer, Trial


@pytest.fixture
def trial():
    """Return a trial with three writes, acknowledged at 1, 11 and 21 s."""
    trial = Trial(0, "")
    for number in range(3):
        answer = Answer(10.0 * number, 10.0 * number + 1, 200, {})
        trial.writes.append((answer, f"outage {number}"))
    return trial


def read(trial, name, began, body):
    trial.reads[name].append(Answer(began, began + 0.1, 200, body))


@pytest.mark.parametrize(
    ("title", "began", "stale"),
    [
        ("outage 2", 25, 0),
        ("outage 1", 25, 1),
        ("outage 1", 20.5, 0),
        ("as at first", 0.5, 0),
        ("as at first", 5, 1),
    ],
)
def test_a_title_is_stale_that_an_acknowledged_write_had_replaced(trial, title, began, stale):
    read(trial, "course, written", began, {"title": title})
    assert trial.stale() == stale


def test_a_list_without_the_written_course_is_stale(trial):
    read(trial, "list", 25, {"count": 0, "results": []})
    read(trial, "list", 0.5, {"count": 0, "results": []})
    assert trial.stale() == 1
