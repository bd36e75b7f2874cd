"""Who or what acts: a request's user, a task, or a process without either."""

from __future__ import annotations

from celery import shared_task
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from core.actor import Actor, ActorMiddleware, current_actor
from tests.factories import UserFactory


@shared_task(name="tests.who_acts")
def who_acts():
    return current_actor()


def acting_in(user):
    request = RequestFactory().post("/x/?a=b")
    request.user = user
    return ActorMiddleware(lambda _: current_actor())(request)


def test_a_request_acts_for_its_user_until_its_end():
    user = UserFactory.build(pk=5)
    assert acting_in(user) == Actor(5, "POST /x/")
    assert acting_in(AnonymousUser()) == Actor(None, "POST /x/")
    assert current_actor() == Actor(None, "")


def test_a_task_acts_under_its_name():
    assert who_acts.apply().get() == Actor(None, "tests.who_acts")
