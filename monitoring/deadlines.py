"""Questions to other servers, each with an answer within a deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as DeadlineExceeded
from time import monotonic
from typing import Any

DEADLINE_SECONDS = 2.0


class Unanswered(Exception):  # noqa: N818  (not an error of ours)
    """There was no answer within the deadline."""


class Question:
    """A function that is run in the one thread of its own.

    So one that hangs does not hold up others, and is not started twice.
    """

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self.thread = ThreadPoolExecutor(1, f"ask-{function.__name__}")

    def start(self) -> Future[Any]:
        return self.thread.submit(self._function)


def ask(questions: Mapping[str, Question]) -> dict[str, Any]:
    """Ask all at once. Return what each function returned, or the exception that it raised."""
    deadline = monotonic() + DEADLINE_SECONDS
    running = {name: question.start() for name, question in questions.items()}
    return {name: _result(answer, deadline) for name, answer in running.items()}


def _result(answer: Future[Any], deadline: float) -> Any:
    try:
        return answer.result(max(0, deadline - monotonic()))
    except DeadlineExceeded:
        answer.cancel()
        return Unanswered(f"no answer within {DEADLINE_SECONDS:g} s")
    except Exception as error:  # noqa: BLE001  (whatever a driver raises, there is no answer)
        return error
