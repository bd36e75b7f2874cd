"""Makes lists, tasks and notifications. Every factory gives a valid row."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone

from messaging.models import TelegramAccount
from tasks import models
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


class NotificationFactory(factory.django.DjangoModelFactory):
    """A notification that is due: a task was assigned to a user with Telegram."""

    class Meta:
        model = models.Notification

    recipient = factory.SubFactory(LinkedUserFactory)
    task = factory.SubFactory(
        TaskFactory,
        assigned_to=factory.SelfAttribute("..recipient"),
        task_list__owner=factory.SelfAttribute("...recipient"),
    )
    kind = models.Notification.Kind.ASSIGNED
    event_at = factory.LazyFunction(timezone.now)
