"""Every row that concerns a user is exported and erased: each model with a key to users."""

import pytest
from django.contrib.auth.models import User

from core import personal_data
from core.personal_data import keys_to, label_of, uncovered_keys


def test_every_key_to_users_is_covered():
    assert len(keys_to(User)) > 12
    assert uncovered_keys() == []


def test_a_key_that_no_rule_covers_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setattr(personal_data, "_kept", set())
    [text] = uncovered_keys()
    assert text.startswith("clients.Client.user: ")
    assert 'core.personal_data.keep("clients.Client.user")' in text
    assert [error.id for error in personal_data.check_keys_to_users()] == ["core.E001"]


def test_what_is_kept_is_there():
    assert personal_data._kept <= {label_of(key) for key in keys_to(User)}


@pytest.mark.django_db
def test_every_key_to_users_is_exported_and_no_secret():
    user = User.objects.create_user("anna")
    found = {exported.name: exported.rows for exported in personal_data.exported_rows(user)}
    for key in keys_to(User):
        assert f"{key.model._meta.label_lower}.{key.name}" in found
    for name in ("courses.certificate.enrollment.user", "services.subscription.client.user"):
        assert name in found
    for rows in found.values():
        list(rows)
        columns = {*rows.query.values_select, *rows.query.annotation_select}
        assert not any(word in column for column in columns for word in ("hash", "password", "session_"))
