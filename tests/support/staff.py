"""Staff of several roles, and a row of every model for them to look at."""

from __future__ import annotations

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from accounts.models import AccessToken
from messaging.models import LinkToken, OutgoingMessage, TelegramAccount
from services.models import Plan, Recalculation, Service
from tests.factories import UserFactory
from tests.support.addresses import make_rows
from topics.models import Topic, TopicSubscription

# What each role may do, by look-ups of permissions. "guest" may sign in.
ROLES = {
    "viewer": {"codename__startswith": "view_"},
    "sales": {"content_type__app_label": "services"},
    "editor": {"content_type__app_label": "courses"},
    "guest": {"codename": "none"},
}


def make_role(name):
    """Return a member of staff."""
    user = UserFactory(username=f"{name}-user", is_staff=True, is_superuser=name == "superuser")
    if name != "superuser":
        user.user_permissions.set(Permission.objects.filter(**ROLES[name]))
    return user


def make_every_row():
    """Make a row of each model of the admin, and changes of some of them."""
    owner = UserFactory(username="owner")
    make_rows(owner)  # named so that none looks like a text of a page
    Group.objects.create(name="Team")
    AccessToken.objects.create(user=owner, token_hash="a" * 64, auth_hash="b" * 64)
    LinkToken.objects.create(user=owner, token_hash="c" * 64, expires_at="2030-01-01T00:00Z")
    TelegramAccount.objects.create(user=owner, telegram_id=7)
    for state in OutgoingMessage.State.values:
        OutgoingMessage.objects.create(user=owner, kind="k", dedupe_key=f"key {state}", state=state)
    Recalculation.objects.create(service=Service.objects.get(), total=10, done=3)
    TopicSubscription.objects.create(topic=Topic.objects.get(pk=1), user=owner)
    for row in (Service.objects.get(), Plan.objects.get(), Topic.objects.get(pk=1), owner):
        LogEntry.objects.create(
            user=owner,
            content_type=ContentType.objects.get_for_model(row),
            object_id=row.pk,
            object_repr=str(row),
            action_flag=CHANGE,
            change_message='[{"changed": {"fields": ["Full price"]}}]',
        )
    return owner
