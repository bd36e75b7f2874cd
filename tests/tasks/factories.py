"""Makes lists, tasks and messages about them. Every factory gives a valid row."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone

from messaging.models import OutgoingMessage, TelegramAccount
from tasks import models
from tasks.notifications import Kind, iso
from tests.factories import UserFactory


class TaskListFactory(factory.django.DjangoModelFactory):
    """``members`` are users."""

    class Meta:
        model = models.TaskList
        skip_postgeneration_save = True

    name = factory.Sequence("List {}".format)
    owner = factory.SubFactory(UserFactory)

    @factory.post_generation
    def members(self, create, users):
        self.members.set(users or [])


class TaskFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Task

    task_list = factory.SubFactory(TaskListFactory)
    name = factory.Sequence("Task {}".format)

    class Params:
        completed = factory.Trait(status="completed", completed_at=factory.LazyFunction(timezone.now))
        late = factory.Trait(deadline=factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=1)))


class LinkedUserFactory(UserFactory):
    """A user with Telegram: the id of the chat is the user's id plus 700,000,000."""

    @factory.post_generation
    def telegram(self, create, extracted):
        TelegramAccount.objects.create(user=self, telegram_id=700_000_000 + self.pk)


class TaskMessageFactory(factory.django.DjangoModelFactory):
    """A message that is due: a task was assigned to a user with Telegram."""

    class Meta:
        model = OutgoingMessage
        exclude = ["task", "event_at"]

    user = factory.SubFactory(LinkedUserFactory)
    task = factory.SubFactory(
        TaskFactory,
        assigned_to=factory.SelfAttribute("..user"),
        task_list__owner=factory.SelfAttribute("...user"),
    )
    kind = Kind.ASSIGNED
    event_at = factory.LazyFunction(timezone.now)
    payload = factory.LazyAttribute(
        lambda made: {"task": made.task and made.task.pk, "event_at": iso(made.event_at)}
    )
    dedupe_key = factory.LazyAttribute(
        lambda made: f"{made.kind}:{made.payload['task']}:{made.user.pk}:{iso(made.event_at)}"
    )
