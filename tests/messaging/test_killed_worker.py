"""A worker that is killed by SIGKILL at any step loses no message and sends none twice."""

import json
import subprocess
import sys

import pytest
from django.conf import settings as django_settings

from config.environment import ROOT
from tests.messaging.factories import TelegramAccountFactory
from tests.support.processes import child_environment
from tests.support.telegram import BOT_TOKEN

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def run(user, work, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "tests.messaging.killed_worker", str(user.pk), work],
        cwd=ROOT,
        env=child_environment(TELEGRAM_BOT_TOKEN=BOT_TOKEN, **environment),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("work", ["text", "mail", "enrolling", "certifying"])
def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(telegram, smtp, work, tmp_path):
    user = TelegramAccountFactory().user
    outcomes = run(
        user,
        work,
        MEDIA_ROOT=str(tmp_path),
        TELEGRAM_API_URL=telegram.url,
        EMAIL_BACKEND=django_settings.EMAIL_BACKEND,
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(smtp.port),
    )
    arrived = [text for _, text in telegram.messages] if work == "text" else smtp.mails
    assert len(outcomes) >= 10
    assert [outcome["killed"] for outcome in outcomes] == [True] * (len(outcomes) - 1) + [False]
    for outcome in outcomes:
        copies = sum(f"Step {outcome['step']}." in text for text in arrived)
        assert (outcome["found"], outcome["then"], copies) in {
            (None, "sent", 1),  # killed before the change was committed
            ("pending", "sent", 1),  # before the claim was committed
            ("sending", "uncertain", 0),
            ("sending", "uncertain", 1),
            ("sent", "sent", 1),
        }, outcome
    is_recorded_here = {None} if work in {"enrolling", "certifying"} else set()
    assert {outcome["found"] for outcome in outcomes} == {"pending", "sending", "sent"} | is_recorded_here
