"""The main workflows over HTTP, by a TypeScript client that is generated from the schema."""

from __future__ import annotations

import os
import subprocess

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.courses.factories import CourseFactory, LessonFactory, ModuleFactory
from tests.edge.test_servers import serving
from tests.factories import UserFactory
from tests.services.factories import SubscriptionFactory

pytestmark = pytest.mark.slow
PASSWORD = "a-long-and-odd-pass"


def test_the_main_workflows_compile_and_run(workflows, transactional_db):
    # Not the tests' hasher: the server process has the project's settings.
    user = UserFactory(username="olena", password=PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1))
    UserFactory(username="boris")
    LessonFactory(module=ModuleFactory(course=CourseFactory(title="Redis in Practice")))
    SubscriptionFactory(client__user=user, service__full_price=250, plan__discount_percent=10)
    with serving("gunicorn", THROTTLE_ANON="off") as port:
        environment = {**os.environ, "SITE": f"http://127.0.0.1:{port}", "PASSWORD": PASSWORD}
        command = ["node", str(workflows)]
        ran = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["catalogue", "course", "team", "billing", "problems"]
