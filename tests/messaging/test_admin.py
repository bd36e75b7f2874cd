"""Outgoing messages in the admin."""

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messaging import dispatch
from messaging.models import OutgoingMessage
from tests.factories import UserFactory
from tests.messaging.factories import MessageFactory

pytestmark = pytest.mark.django_db

State = OutgoingMessage.State
LIST = reverse("admin:messaging_outgoingmessage_changelist")


def send_again(client, *messages):
    data = {"action": "send_again", "_selected_action": [message.pk for message in messages]}
    return client.post(LIST, data, follow=True)


@pytest.fixture
def viewer_client(client):
    """A client of staff who may view and delete messages."""
    viewer = UserFactory(is_staff=True)
    codenames = ["view_outgoingmessage", "delete_outgoingmessage"]
    viewer.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(viewer)
    return client


def test_staff_see_what_is_uncertain_and_why(admin_client):
    MessageFactory(state=State.UNCERTAIN, error="The answer was lost.")
    MessageFactory(state=State.SENT)
    page = admin_client.get(LIST, {"state": "uncertain"})
    assert page.context["cl"].result_count == 1
    assert "The answer was lost." in page.content.decode()


def test_send_again_sends_what_was_given_up_or_is_uncertain_and_nothing_else(admin_client):
    messages = [MessageFactory(user=UserFactory(), state=state, attempts=8) for state in State.values]
    page = send_again(admin_client, *messages)
    assert "2 messages are sent again." in page.content.decode()
    due = OutgoingMessage.objects.filter(state=State.PENDING, attempts=0)
    assert due.count() == 2
    dispatch.dispatch(due)
    assert len(mail.outbox) == 2


def test_send_again_needs_the_permission_to_change_messages(viewer_client):
    message = MessageFactory(state=State.UNCERTAIN)
    send_again(viewer_client, message)
    message.refresh_from_db()
    assert message.state == State.UNCERTAIN


def test_messages_are_neither_added_nor_changed_by_hand(admin_client):
    message = MessageFactory()
    assert admin_client.get(reverse("admin:messaging_outgoingmessage_add")).status_code == 403
    change = reverse("admin:messaging_outgoingmessage_change", args=[message.pk])
    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, {"kind": "other"}).status_code == 403


def test_the_list_costs_the_same_for_1_and_50(admin_client):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(LIST).status_code == 200
        return len(captured)

    MessageFactory()
    queries()  # the first request learns the content types
    before = queries()
    MessageFactory.create_batch(49)
    assert queries() == before
