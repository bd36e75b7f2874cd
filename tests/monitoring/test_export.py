"""Exports of the admin's lists."""

from __future__ import annotations

import asyncio
import csv
import io
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import admin_export
from services.models import Service
from tests.factories import UserFactory
from tests.services.factories import SubscriptionFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/services/subscription/"


def rows_of(response):
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def test_an_export_has_the_rows_of_the_list_with_its_filters(admin_client):
    rows = SubscriptionFactory.create_batch(3)
    for query, expected in (("", rows), (f"?service__id__exact={rows[1].service_id}", rows[1:2])):
        response = admin_client.get(f"{LIST}export/csv/{query}")
        assert response["Content-Disposition"].startswith('attachment; filename="subscription-')
        assert [row["ID"] for row in rows_of(response)] == [str(row.pk) for row in expected]


def test_an_export_names_rows_of_other_tables(admin_client):
    row = SubscriptionFactory(service=Service.objects.create(name="=Service", full_price=10))
    (found,) = rows_of(admin_client.get(f"{LIST}export/csv/"))
    assert found["Service: Name"] == "'=Service"
    assert found["Client: Company name"] == row.client.company_name


def test_a_chunk_costs_one_statement(admin_client, monkeypatch):
    monkeypatch.setattr(admin_export, "CHUNK_ROWS", 2)
    SubscriptionFactory.create_batch(5)
    response = admin_client.get(f"{LIST}export/csv/")
    with CaptureQueriesContext(connection) as captured:
        assert len(rows_of(response)) == 5
    assert len(captured) == 4  # the number of rows, and three chunks


def test_the_progress_of_an_export_is_its_users(admin_client, client):
    SubscriptionFactory.create_batch(3)
    run = uuid4()
    progress = f"{LIST}export/xlsx/{run}/progress/"
    assert admin_client.get(progress).json() == {"done": None, "total": None}
    assert admin_client.get(f"{LIST}export/xlsx/{run}/").getvalue().startswith(b"PK")
    assert admin_client.get(progress).json() == {"done": 3, "total": 3}
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert client.get(progress).json() == {"done": None, "total": None}


def test_an_export_does_not_need_redis(admin_client, own_redis):
    SubscriptionFactory()
    assert len(rows_of(admin_client.get(f"{LIST}export/csv/{uuid4()}/"))) == 1


@pytest.mark.parametrize(
    ("address", "status"),
    [("export/pdf/", 404), ("export/csv/?nothing=1", 400), ("export/csv/?created_at__gte=x", 400)],
)
def test_what_cannot_be_exported_is_refused(admin_client, address, status):
    assert admin_client.get(LIST + address).status_code == status


def test_no_secret_is_exported(admin_client):
    for name in ("auth/user", "accounts/accesstoken", "messaging/linktoken", "messaging/outgoingmessage"):
        titles = admin_client.get(f"/admin/{name}/export/csv/").getvalue().decode().lower()
        assert not {"password", "hash", "payload"} & set(titles.replace(",", " ").split())


def test_under_asgi_the_parts_are_sent_one_by_one():
    read = []

    def parts():
        for part in (b"a", b"b", b"c"):
            read.append(part)
            yield part

    async def first():
        async for part in admin_export._later(parts()):
            return part, list(read)
        return None

    assert asyncio.run(first()) == (b"a", [b"a"])
