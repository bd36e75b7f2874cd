"""In which language a user is written to: the one that the user chose, by mail and by Telegram."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts.passwords import set_password
from accounts.reset_mails import answer_requests
from accounts.verification import send_verification, verify_email
from messaging import delivery, dispatch
from messaging.languages import language_of, language_of_user
from messaging.models import OutgoingMessage, TelegramAccount, VerifiedEmail
from messaging.telegram.linking import issue_link_token
from tasks import deadlines
from tests.factories import UserFactory
from tests.messaging.factories import MessageFactory, TelegramAccountFactory, let_speak
from tests.messaging.telegram.test_webhook import WEBHOOK, message
from tests.tasks.factories import TaskFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-and-odd-pass"


def send_due():
    return dispatch.dispatch(OutgoingMessage.objects.all())


def languages(user):
    """Return in which languages mails and Telegram messages to a user are."""
    user.refresh_from_db()
    return language_of_user(user, by_mail=True), language_of_user(user, by_mail=False)


def test_a_user_who_never_chose_is_written_to_in_the_language_of_the_settings(user):
    assert languages(user) == ("en", "en")


def test_mails_are_in_the_language_of_the_mail_that_verified_the_address(api):
    data = {"username": "olena", "email": "olena@example.com"}
    data |= {"password": PASSWORD, "confirm_password": PASSWORD}
    api.post("/api/v1/auth/register/", data, "json", headers={"Accept-Language": "uk"})
    send_due()
    [token] = re.findall(r"/accounts/verify-email/([^/]+)/", mail.outbox[0].body)
    api.post("/api/v1/auth/email/verify/", {"token": token}, "json", headers={"Accept-Language": "ru"})
    user = VerifiedEmail.objects.get().user
    assert languages(user) == ("uk", "uk")
    delivery.send(user=user, kind="accounts.password_changed", payload={}, dedupe_key="1", mail_only=True)
    send_due()
    assert mail.outbox[1].subject == "Ваш пароль змінено"


def test_a_link_that_is_not_followed_changes_nothing(user):
    let_speak(user, "uk")
    user.email = "new@example.com"
    user.save()
    send_verification(user=user, language="ru")
    send_due()
    assert languages(user) == ("uk", "uk")
    [token] = re.findall(r"/accounts/verify-email/([^/]+)/", mail.outbox[0].body)
    verify_email(token=token)
    assert languages(user) == ("ru", "ru")


def test_the_chat_has_its_own_language(api, secret):
    user = UserFactory()
    let_speak(user, "uk")
    update = message(f"/start {issue_link_token(user=user)}", language="ru")
    assert api.post(WEBHOOK, update, "json", headers=secret).json()["text"].startswith("Привязано")
    assert languages(user) == ("uk", "ru")
    assert not OutgoingMessage.objects.exists()


def test_messages_by_telegram_follow_the_language_of_the_last_command(api, secret, telegram):
    account = TelegramAccountFactory(language="en")
    task = TaskFactory(
        task_list__owner=account.user,
        assigned_to=account.user,
        deadline=timezone.now() + timedelta(minutes=30),
    )
    update = message("/tasks", sender=account.telegram_id, language="ru")
    assert "срок: " in api.post(WEBHOOK, update, "json", headers=secret).json()["text"]
    deadlines.remind()
    send_due()
    [(_, text)] = telegram.messages
    assert text.startswith(f"Срок истекает в течение часа: {task.name}\n")


def test_a_mail_to_a_user_without_a_language_of_mails_is_in_that_of_the_chat():
    user = TelegramAccountFactory(language="uk").user
    assert language_of(MessageFactory(user=user, mail_only=True)) == "uk"


def test_a_new_password_and_a_language_chosen_on_a_page_change_that_of_mails(client, user):
    client.post("/i18n/setlang/", {"language": "ru"})
    assert languages(user) == ("en", "en")
    client.force_login(user)
    client.post("/i18n/setlang/", {"language": "uk"})
    assert languages(user) == ("uk", "uk")
    client.post("/i18n/setlang/", {"language": "fr"})  # Django has it, the project does not
    assert languages(user) == ("uk", "uk")
    set_password(user=user, password=PASSWORD, language="ru")
    assert languages(user) == ("ru", "ru")


def test_a_stranger_who_requests_a_new_password_does_not_change_it(api, user):
    user.set_password(PASSWORD)
    user.save()
    api.post("/api/v1/auth/password/reset/", {"email": user.email}, "json", headers={"Accept-Language": "ru"})
    answer_requests()
    assert OutgoingMessage.objects.get().payload["language"] == "ru"
    assert languages(user) == ("en", "en")


def test_the_migration_fills_the_languages_from_earlier_messages():
    user, other = (TelegramAccountFactory().user for _ in range(2))
    asked = [("verify_email", "ru"), ("password_changed", "uk"), ("password_reset", "en")]
    for kind, language in asked:
        MessageFactory(user=user, kind=f"accounts.{kind}", payload={"language": language})
    migration = import_module("messaging.migrations.0005_known_languages")
    migration.fill_languages(apps, connection.schema_editor())
    assert languages(user) == ("uk", "uk")
    assert list(TelegramAccount.objects.order_by("pk").values_list("language", flat=True)) == ["uk", ""]
    assert languages(other) == ("en", "en")
