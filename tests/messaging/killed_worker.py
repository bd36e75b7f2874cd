"""``python -m tests.messaging.killed_worker``: dispatch the message n times, killed at its nth step.

A step is a statement on the database, before or after it, or the opening of a connection. Prints for
each n what the row's state was after the kill and after the recovery, as JSON lines; the last line is of
the run that was not killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import django

django.setup()

from django.db import connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from messaging import dispatch  # noqa: E402
from messaging.models import OutgoingMessage  # noqa: E402

MAX_STEPS = 60
SOCKETS = {"socket.connect", "socket.getaddrinfo"}


class Countdown:
    """Kills the process at the nth step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around_statement(self, execute, sql, params, many, context):
        self.step()
        result = execute(sql, params, many, context)
        self.step()
        return result

    def on_audit(self, event: str, _: object) -> None:
        if event in SOCKETS:
            self.step()


def dispatch_killed_at(step: int, pk: int) -> bool:
    """Dispatch in a process of its own. Return whether it was killed."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        countdown = Countdown(step)
        connection.ensure_connection()
        sys.addaudithook(countdown.on_audit)
        with connection.execute_wrapper(countdown.around_statement):
            dispatch.dispatch(OutgoingMessage.objects.filter(pk=pk))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def recover(pk: int) -> None:
    """Do what beat's task does after the claim has expired."""
    rows = OutgoingMessage.objects.filter(pk=pk)
    rows.update(changed_at=timezone.now() - dispatch.CLAIM_DURATION)
    dispatch.mark_uncertain()
    dispatch.dispatch(rows)


def main(user_id: int, mail_only: bool) -> None:
    for step in range(1, MAX_STEPS):
        payload = {"subject": f"Step {step}.", "text": "The text"}
        message = OutgoingMessage.objects.create(
            user_id=user_id, kind="text", payload=payload, dedupe_key=f"step:{step}", mail_only=mail_only
        )
        was_killed = dispatch_killed_at(step, message.pk)
        message.refresh_from_db()
        found = message.state
        recover(message.pk)
        message.refresh_from_db()
        print(json.dumps({"step": step, "killed": was_killed, "found": found, "then": message.state}))
        if not was_killed:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "mail")
