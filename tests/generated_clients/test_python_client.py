"""A learner's whole story over HTTP, by a Python client that is generated from the schema."""

from __future__ import annotations

import re

import pytest

from config.environment import ROOT
from tests.courses import factories
from tests.generated_clients import generate
from tests.support.waiting import until


@pytest.fixture
def course(transactional_db):
    """Two modules with two lessons each, among other courses."""
    factories.CourseFactory.create_batch(3)
    course = factories.CourseFactory(title="Redis in Practice")
    for title in ("First Steps", "In Production"):
        factories.LessonFactory.create_batch(2, module=factories.ModuleFactory(course=course, title=title))
    return course


@pytest.mark.parametrize("command", [generate.PYTHON, generate.TYPESCRIPT])
def test_the_documentation_shows_the_commands_that_the_tests_run(command):
    assert f"\n{command}\n" in (ROOT / "docs" / "running.md").read_text()


@pytest.mark.slow
def test_a_learner_from_signing_up_to_the_end_of_the_account(syllabus_client, site, smtp, course):
    from tests.generated_clients.learner import Learner

    def mail(number: int) -> str:
        until(lambda: len(smtp.mails) >= number)
        return re.sub(r"=\r?\n", "", smtp.mails[number - 1])

    with Learner(site, mail) as learner:
        mine = learner.sign_up()
        found = learner.find_course("pract redis")
        assert [module.title for module in found.modules] == ["First Steps", "In Production"]
        learner.learn(mine, found)
        learner.prove_it(mine, found)
        learner.review(mine, found)
        until(lambda: len(smtp.mails) == 3)  # to verify the address, of the enrolment, with the certificate
        mine = learner.reset_password(mine, mails=3)
        learner.leave(mine)
