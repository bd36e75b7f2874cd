"""Prices for a future moment: set over HTTP and in the admin, applied once, in any order of events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from services import scheduling, tasks
from services.models import Plan, PriceChange, Service
from tests.clients.callers import answer, signed_in
from tests.factories import UserFactory
from tests.services.checks import wrong_prices
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory
from tests.support.admin_pages import posted_by
from tests.support.answers import problem
from tests.support.broker import queued
from tests.support.threads import Other, at_once

TOMORROW = timezone.now() + timedelta(days=1)


def admin_api():
    return signed_in(UserFactory(is_staff=True, is_superuser=True))


def schedule(source, value, moment=TOMORROW, **more):
    return PriceChange.objects.create(
        **{source._meta.model_name: source}, value=value, effective_from=moment, **more
    )


def let_two_days_pass():
    """Move the history and what is scheduled two days back: the clock is the database's."""
    PriceChange.objects.update(effective_from=F("effective_from") - timedelta(days=2))


def applied(source):
    return list(
        PriceChange.objects.filter(**{source._meta.model_name: source})
        .exclude(applied_at=None)
        .order_by("effective_from")
        .values_list("value", flat=True)
    )


@pytest.mark.django_db
class TestApplyDue:
    def test_nothing_changes_before_the_moment(self):
        row = SubscriptionFactory(service__full_price=100)
        schedule(row.service, 120)
        assert scheduling.apply_due() == 0
        assert Service.objects.get().full_price == 100
        assert wrong_prices() == []

    def test_at_the_moment_the_revision_moves_and_the_prices_follow(self):
        row = SubscriptionFactory(service__full_price=100, plan__discount_percent=0)
        schedule(row.service, 120)
        schedule(row.plan, 50)
        let_two_days_pass()
        assert scheduling.apply_due() == 2
        row.refresh_from_db()
        assert (row.price, row.price_status) == (100, "pending")
        tasks.repair()
        row.refresh_from_db()
        assert (row.price, row.price_status) == (60, "current")

    def test_repair_applies(self):
        row = SubscriptionFactory()
        schedule(row.service, 120)
        let_two_days_pass()
        tasks.repair()
        row.refresh_from_db()
        assert row.price == 120

    def test_after_an_outage_all_that_was_due_is_applied_in_order(self):
        service = ServiceFactory(full_price=100)
        for value in (4, 2, 3):
            schedule(service, value, TOMORROW + timedelta(hours=value))
        let_two_days_pass()
        assert scheduling.apply_due() == 1
        assert Service.objects.get().full_price == 4
        assert applied(service) == [100, 2, 3, 4]
        assert scheduling.apply_due() == 0

    def test_the_history_begins_at_the_moment_that_was_set(self):
        service = ServiceFactory()
        change = schedule(service, 120)
        let_two_days_pass()
        change.refresh_from_db()
        scheduling.apply_due()
        rows = admin_api().get(f"/api/v1/services/{service.pk}/history/").json()["results"]
        moment = change.effective_from.isoformat().replace("+00:00", "Z")
        assert moment in {row["effective_from"] for row in rows if row["full_price"] == 120}
        assert PriceChange.objects.count() == 2

    def test_a_change_by_hand_in_between_does_not_prevent_it(self):
        service = ServiceFactory(full_price=100)
        schedule(service, 120)
        Service.objects.update(full_price=110)
        let_two_days_pass()
        scheduling.apply_due()
        assert Service.objects.get().full_price == 120
        assert applied(service) == [100, 110, 120]

    def test_a_change_by_hand_after_the_moment_comes_after_it(self):
        service = ServiceFactory(full_price=100)
        schedule(service, 120)
        let_two_days_pass()
        Service.objects.update(full_price=130)
        assert scheduling.apply_due() == 0
        assert Service.objects.get().full_price == 130
        assert applied(service) == [100, 120, 130]

    def test_a_price_that_is_the_same_already_is_applied_without_a_revision(self):
        service = ServiceFactory(full_price=100)
        schedule(service, 100)
        let_two_days_pass()
        scheduling.apply_due()
        assert Service.objects.get().revision == 1
        assert applied(service) == [100, 100]

    def test_what_is_scheduled_for_a_deleted_service_goes_with_it(self):
        service = ServiceFactory()
        schedule(service, 1)
        service.delete()
        assert not PriceChange.objects.filter(applied_at=None).exists()

    def test_a_moment_before_beat_s_next_run_has_a_message_of_its_own(self):
        service = ServiceFactory()
        schedule(service, 1, timezone.now() + timedelta(minutes=1))
        tasks.repair()
        assert queued() == []
        schedule(service, 2, timezone.now() + timedelta(seconds=15))
        tasks.repair()
        assert queued() == ["services.tasks.apply_scheduled"]
        assert 0 < scheduling.seconds_to_next() < 15

    def test_with_nothing_due_it_costs_one_query(self, django_assert_num_queries):
        schedule(ServiceFactory(), 1)
        with django_assert_num_queries(1):
            scheduling.apply_due()


@pytest.mark.django_db
class TestOverHTTP:
    def test_a_price_is_scheduled_listed_read_and_deleted(self):
        api, service = admin_api(), ServiceFactory(full_price=100)
        address = f"/api/v1/services/{service.pk}/prices/"
        body = {"full_price": 120, "effective_from": "2100-01-01T02:00:00+02:00"}
        made = api.post(address, body, "json")
        assert made.status_code == 201, made.content
        assert made.json()["effective_from"] == "2100-01-01T00:00:00Z"
        assert (made.json()["full_price"], made.json()["effective_to"]) == (120, None)
        assert made.json()["changed_by"]
        assert api.get(address).json()["results"] == [made.json()]
        assert api.get(made["Location"]).json() == made.json()
        (now,) = api.get(f"/api/v1/services/{service.pk}/history/").json()["results"]
        assert now["effective_to"] == "2100-01-01T00:00:00Z"
        assert api.delete(made["Location"]).status_code == 204
        problem(api.get(made["Location"]), 404)

    def test_a_discount_is_scheduled(self):
        api, plan = admin_api(), PlanFactory()
        body = {"discount_percent": 20, "effective_from": "2100-01-01T00:00:00Z"}
        made = api.post(f"/api/v1/plans/{plan.pk}/discounts/", body, "json")
        assert (made.status_code, made.json()["discount_percent"]) == (201, 20)

    @pytest.mark.parametrize(
        ("value", "moment", "field"),
        [
            (1, "2100-01-01T00:00:00", "effective_from"),
            (1, "2100-01-01", "effective_from"),
            (1, "2020-01-01T00:00:00Z", "effective_from"),
            (1, "2201-01-01T00:00:00Z", "effective_from"),
            (1, "9999-12-31T23:59:59-14:00", "effective_from"),
            (1, 5, "effective_from"),
            (1, None, "effective_from"),
            (-1, "2100-01-01T00:00:00Z", "full_price"),
            (0.001, "2100-01-01T00:00:00Z", "full_price"),
            ("NaN", "2100-01-01T00:00:00Z", "full_price"),
        ],
    )
    def test_a_bad_value_names_what_is_accepted(self, value, moment, field):
        body = {"full_price": value, "effective_from": moment}
        address = f"/api/v1/services/{ServiceFactory().pk}/prices/"
        assert set(problem(admin_api().post(address, body, "json"), 400)["errors"]) == {field}

    @pytest.mark.parametrize("discount", [101, 1.5, -1])
    def test_a_bad_discount_is_refused(self, discount):
        body = {"discount_percent": discount, "effective_from": "2100-01-01T00:00:00Z"}
        problem(admin_api().post(f"/api/v1/plans/{PlanFactory().pk}/discounts/", body, "json"), 400)

    def test_the_same_moment_twice_is_a_conflict(self):
        api, service = admin_api(), ServiceFactory()
        body = {"full_price": 1, "effective_from": "2100-01-01T00:00:00Z"}
        address = f"/api/v1/services/{service.pk}/prices/"
        assert api.post(address, body, "json").status_code == 201
        with transaction.atomic():
            problem(api.post(address, body, "json"), 409)
        assert api.post(f"/api/v1/services/{ServiceFactory().pk}/prices/", body, "json").status_code == 201

    @pytest.mark.parametrize("is_applied", [True, False])
    def test_one_whose_moment_has_come_cannot_be_deleted(self, is_applied):
        service = ServiceFactory()
        change = schedule(service, 120)
        let_two_days_pass()
        if is_applied:
            scheduling.apply_due()
        problem(admin_api().delete(f"/api/v1/services/{service.pk}/prices/{change.pk}/"), 409)
        assert PriceChange.objects.filter(pk=change.pk).exists()

    def test_another_service_s_is_not_found(self):
        change = schedule(ServiceFactory(), 1)
        for address in (f"services/{ServiceFactory().pk}/prices", f"plans/{PlanFactory().pk}/discounts"):
            problem(admin_api().delete(f"/api/v1/{address}/{change.pk}/"), 404)
        problem(admin_api().get(f"/api/v1/services/999/prices/{uuid4()}/"), 404)
        for part in ("prices", "history"):
            problem(admin_api().get(f"/api/v1/services/999/{part}/"), 404)

    def test_the_queries_are_the_same_for_1_and_50_rows(self, django_assert_num_queries):
        api, service = admin_api(), ServiceFactory()
        for more in (1, 49):
            for number in range(more):
                schedule(service, more, TOMORROW + timedelta(days=number, hours=more))
            with django_assert_num_queries(3):
                api.get(f"/api/v1/services/{service.pk}/prices/")


@pytest.mark.django_db
class TestInTheAdmin:
    def form(self, source, prefix="price_changes", **fields):
        data = {"name": "S", "full_price": 100, "plan_type": "full", "discount_percent": 0, "_save": "Save"}
        return data | {f"{prefix}-{name}": value for name, value in fields.items()}

    def post(self, client, source, **fields):
        kind = source._meta.model_name
        return client.post(f"/admin/services/{kind}/{source.pk}/change/", self.form(source, **fields))

    def new(self, value, day):
        return {
            "TOTAL_FORMS": 1,
            "INITIAL_FORMS": 0,
            "0-value": value,
            "0-effective_from_0": day,
            "0-effective_from_1": "00:00:00",
        }

    @pytest.mark.parametrize(("factory", "model"), [(ServiceFactory, Service), (PlanFactory, Plan)])
    def test_a_change_is_scheduled_and_deleted(self, admin_client, admin_user, factory, model):
        source = factory()
        assert self.post(admin_client, source, **self.new(70, "2100-01-01")).status_code == 302
        change = PriceChange.objects.get(applied_at=None)
        assert (change.value, change.user) == (70, admin_user)
        assert change.effective_from == datetime(2100, 1, 1, tzinfo=UTC)
        kind = source._meta.model_name
        delete = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 1, "0-id": change.pk, f"0-{kind}": source.pk}
        delete |= {"0-DELETE": "on"}
        assert self.post(admin_client, source, **delete).status_code == 302
        assert not PriceChange.objects.filter(applied_at=None).exists()

    @pytest.mark.parametrize(("value", "day"), [(1, "2020-01-01"), (1, "2201-01-01"), (-1, "2100-01-01")])
    def test_a_bad_one_is_shown_again(self, admin_client, value, day):
        assert self.post(admin_client, ServiceFactory(), **self.new(value, day)).status_code == 200

    def test_one_whose_moment_comes_while_the_form_is_open_stays(self, admin_client):
        service = ServiceFactory()
        change = schedule(service, 5)
        page = admin_client.get(f"/admin/services/service/{service.pk}/change/").content.decode()
        assert str(change.pk) in page
        let_two_days_pass()
        delete = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 1, "0-id": change.pk, "0-service": service.pk}
        self.post(admin_client, service, **delete, **{"0-DELETE": "on"})
        assert PriceChange.objects.filter(pk=change.pk).exists()

    @pytest.mark.parametrize("source", ["service", "plan"])
    def test_a_form_that_was_open_at_the_moment_does_not_undo_it(self, admin_client, source):
        factory, model, field = {
            "service": (ServiceFactory, Service, "full_price"),
            "plan": (PlanFactory, Plan, "discount_percent"),
        }[source]
        row = factory(**{field: 10})
        address = f"/admin/services/{source}/{row.pk}/change/"
        form = posted_by(admin_client.get(address))
        schedule(row, 20)
        let_two_days_pass()
        scheduling.apply_due()
        answered = admin_client.post(address, form)
        assert answered.status_code == 302, answered.context
        assert getattr(model.objects.get(), field) == 20
        answered = admin_client.post(address, {**form, field: "30"})
        assert answered.status_code == 200
        assert "it is 20" in answered.content.decode()
        assert getattr(model.objects.get(), field) == 20

    def test_the_history_is_linked_and_read_only(self, admin_client):
        service = ServiceFactory(name="Gym")
        Service.objects.update(full_price=77)
        page = admin_client.get(f"/admin/services/service/{service.pk}/change/").content.decode()
        address = f"/admin/services/pricechange/?service__id__exact={service.pk}"
        assert address in page
        shown = admin_client.get(address).content.decode()
        assert "77.00" in shown
        assert "Gym" in shown
        change = PriceChange.objects.first()
        one = f"/admin/services/pricechange/{change.pk}"
        assert admin_client.get(f"{one}/change/").status_code == 200
        assert admin_client.post(f"{one}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_runs_at_once_apply_once(self):
        row = SubscriptionFactory(service__full_price=100)
        for _ in range(5):
            value = Service.objects.get().full_price + 1
            schedule(row.service, value)
            let_two_days_pass()
            revision = Service.objects.get().revision
            assert sum(at_once(*[scheduling.apply_due] * 4)) == 1
            service = Service.objects.get()
            assert (service.full_price, service.revision) == (value, revision + 1)
        assert PriceChange.objects.filter(service=row.service).count() == 6

    def test_a_service_that_is_held_keeps_no_other_waiting(self):
        services = ServiceFactory.create_batch(4, full_price=100)
        for service in services:
            schedule(service, 120)
        let_two_days_pass()
        with transaction.atomic():
            Service.objects.select_for_update().get(pk=services[0].pk)
            assert Other(scheduling.apply_due).result() == 3
        assert scheduling.apply_due() == 1
        assert set(Service.objects.values_list("full_price", flat=True)) == {120}

    def test_one_that_cannot_be_applied_keeps_no_other_from_it(self):
        services = ServiceFactory.create_batch(3, full_price=100)
        for service in services:
            schedule(service, 120)
        let_two_days_pass()
        name = f"no_{services[0].pk}"
        with connection.cursor() as cursor:
            rule = f"CHECK (id <> {services[0].pk} OR full_price = 100)"
            cursor.execute(f"ALTER TABLE services_service ADD CONSTRAINT {name} {rule}")
            try:
                with pytest.raises(IntegrityError):
                    scheduling.apply_due()
            finally:
                cursor.execute(f"ALTER TABLE services_service DROP CONSTRAINT {name}")
        assert sorted(Service.objects.values_list("full_price", flat=True)) == [100, 120, 120]

    def test_a_deletion_beside_the_flip_is_refused(self):
        service = ServiceFactory(full_price=100)
        change, api = schedule(service, 120), admin_api()
        address = f"/api/v1/services/{service.pk}/prices/{change.pk}/"
        with transaction.atomic():
            let_two_days_pass()
            Service.objects.select_for_update().get()
            deletion = Other(lambda: answer(api, "DELETE", address))
            deletion.wait_until_it_waits()
            scheduling.apply_due()
        assert deletion.result().status_code == 409
        assert Service.objects.get().full_price == 120
        assert PriceChange.objects.filter(pk=change.pk).exists()

    def test_a_deletion_just_before_the_flip_prevents_it(self):
        service = ServiceFactory(full_price=100)
        change = schedule(service, 120)
        let_two_days_pass()
        with transaction.atomic():
            Service.objects.select_for_update().get()
            assert Other(scheduling.apply_due).result() == 0
            PriceChange.objects.filter(pk=change.pk).delete()
        assert scheduling.apply_due() == 0
        assert Service.objects.get().full_price == 100

    def test_a_change_by_hand_beside_the_flip_is_not_overwritten(self):
        service = ServiceFactory(full_price=100)
        schedule(service, 120)
        let_two_days_pass()
        with transaction.atomic():
            Service.objects.update(full_price=130)  # after the moment
            assert Other(scheduling.apply_due).result() == 0
        assert scheduling.apply_due() == 0
        assert Service.objects.get().full_price == 130
        assert applied(service) == [100, 120, 130]

    def test_a_patch_that_waits_for_the_flip_comes_after_it(self):
        service, api = ServiceFactory(full_price=100), admin_api()
        schedule(service, 120)
        let_two_days_pass()
        with transaction.atomic():
            scheduling.apply_due()
            patch = Other(
                lambda: answer(api, "PATCH", f"/api/v1/services/{service.pk}/", {"full_price": 130})
            )
            patch.wait_until_it_waits()
        assert patch.result().status_code == 200
        assert Service.objects.get().full_price == 130
        assert applied(service) == [100, 120, 130]


@pytest.mark.django_db
def test_reads_of_the_api_do_not_ask_who_acts(django_assert_num_queries):
    api, service = admin_api(), ServiceFactory()
    with django_assert_num_queries(1) as captured:
        api.get(f"/api/v1/services/{service.pk}/")
    assert "set_config" not in captured[0]["sql"]
    assert connection.vendor == "postgresql"


@pytest.mark.django_db
def test_the_admin_s_schedule_is_translated(admin_client):
    service = ServiceFactory()
    for language, text in ("uk", "заплановані зміни"), ("ru", "запланированные изменения"):
        headers = {"Accept-Language": language}
        page = admin_client.get(f"/admin/services/service/{service.pk}/change/", headers=headers)
        assert text in page.content.decode().lower()
