"""The example of docs/add-an-app.md works as it is written."""

from __future__ import annotations

import importlib
import sys

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import override_settings
from django.urls import include, path
from rest_framework.test import APIClient

from config.environment import ROOT
from tests.docs.test_add_a_cached_endpoint import BLOCK
from tests.factories import UserFactory

PAGE = ROOT / "docs" / "add-an-app.md"


@pytest.fixture
def notes(tmp_path, monkeypatch, settings, transactional_db):
    """Install the page's files as an app with its table, and yield its model."""
    blocks = BLOCK.findall(PAGE.read_text())
    kinds = ("models", "serializers", "views", "urls")
    assert [name for name, _ in blocks] == [f"notes/{kind}.py" for kind in kinds]
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "__init__.py").touch()
    for name, text in blocks:
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "notes"]):
        model = apps.get_model("notes", "Note")
        with connection.schema_editor() as editor:
            editor.create_model(model)
        urls = type("urls", (), {"urlpatterns": [path("api/v1/", include("notes.urls"))]})
        with override_settings(ROOT_URLCONF=urls):
            yield model
        with connection.schema_editor() as editor:
            editor.delete_model(model)
    for name in [name for name in sys.modules if name.partition(".")[0] == "notes"]:
        del sys.modules[name]
    apps.all_models.pop("notes")
    importlib.invalidate_caches()


def test_page_works_as_written(notes):
    anna, boris = APIClient(), APIClient()
    anna.force_authenticate(UserFactory())
    boris.force_authenticate(UserFactory())
    assert APIClient().get("/api/v1/notes/").status_code == 401

    made = anna.post("/api/v1/notes/", {"text": "first"}, format="json")
    assert made.status_code == 201
    address = made["Location"]
    found = anna.get(address)
    assert found.json() == made.json()
    assert anna.get(address, headers={"If-None-Match": found["ETag"]}).status_code == 304
    assert [note["text"] for note in anna.get("/api/v1/notes/").json()["results"]] == ["first"]
    assert boris.get(address).status_code == 404
    assert boris.delete(address).status_code == 404

    refused = anna.patch(address, {"colour": "red"}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["colour"])
    assert list(anna.get("/api/v1/notes/?colour=red").json()["errors"]) == ["colour"]

    same = anna.patch(address, {"text": "first"}, format="json")
    assert same["ETag"] == found["ETag"]
    changed = anna.patch(address, {"text": "second"}, format="json", headers={"If-Match": found["ETag"]})
    assert (changed.status_code, changed.json()["text"]) == (200, "second")
    late = anna.patch(address, {"text": "third"}, format="json", headers={"If-Match": found["ETag"]})
    assert late.status_code == 412
    assert anna.delete(address).status_code == 204
    assert not notes.objects.exists()
