"""Recalculation: what it finds, what it leaves, and that runs side by side lose nothing."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from services import recalculation
from services.models import Plan, Recalculation, Service, Subscription
from services.recalculation import pending_sources, recalculate
from tests.services.checks import wrong_prices
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory, make_subscriptions


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(recalculation, "CHUNK_ROWS", 2)


@pytest.mark.django_db
class TestRecalculate:
    def test_prices_follow_a_service(self, small_chunks):
        service = ServiceFactory()
        make_subscriptions(5, service=service)
        make_subscriptions(3)
        Service.objects.filter(pk=service.pk).update(full_price=10)
        assert not recalculate()
        assert Subscription.objects.filter(price=10).count() == 5
        assert wrong_prices() == []

    def test_prices_follow_a_plan(self, small_chunks):
        make_subscriptions(5)
        Plan.objects.update(discount_percent=10)
        recalculate()
        assert Subscription.objects.filter(price=225).count() == 5
        assert wrong_prices() == []

    def test_nothing_is_pending_after_it_and_what_changed_is_before_it(self):
        row = SubscriptionFactory()
        assert pending_sources() == []
        Service.objects.update(full_price=1)
        (source,) = pending_sources()
        assert (source.kind, source.pk) == ("service", row.service_id)
        row.refresh_from_db()
        assert (row.price_status, row.price) == ("pending", 250)
        recalculate()
        assert pending_sources() == []

    def test_prices_of_several_old_revisions_all_follow(self, small_chunks):
        service = ServiceFactory()
        for price in (1, 2, 3):
            make_subscriptions(3, service=service)
            Service.objects.update(full_price=price)
        recalculate()
        assert wrong_prices() == []
        assert Recalculation.objects.get().done == 9

    def test_a_forced_revision_is_recalculated(self):
        row = SubscriptionFactory()
        Service.objects.update(revision=F("revision") + 1)
        recalculate()
        before, row = row.priced_at, Subscription.objects.get()
        assert row.priced_at > before
        assert row.price_status == "current"

    def test_its_progress_stays_to_be_read(self, small_chunks):
        make_subscriptions(5)
        Service.objects.update(full_price=1)
        recalculate()
        row = Recalculation.objects.get()
        assert (row.total, row.done) == (5, 5)
        assert row.finished_at >= row.started_at

    def test_a_killed_run_s_recalculation_is_closed_by_the_next(self):
        SubscriptionFactory()
        Recalculation.objects.create(service=Service.objects.get(), total=9, done=3)
        recalculate()
        assert Recalculation.objects.get().finished_at

    def test_statements_do_not_grow_with_the_rows(self):
        service = ServiceFactory()
        counts = []
        for more in (1, 49):
            make_subscriptions(more, service=service)
            Service.objects.update(full_price=F("full_price") + 1)
            with CaptureQueriesContext(connection) as captured:
                recalculate()
            counts.append(len(captured))
        assert counts[0] == counts[1]


def in_thread(function):
    """Run it on a database connection of its own; call the result to wait for what it returned."""
    outcome = []

    def run():
        try:
            outcome.append(function())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()

    def result():
        thread.join(30)
        assert not thread.is_alive()
        (value,) = outcome
        return value

    return result


@pytest.mark.django_db(transaction=True)
class TestSideBySide:
    def test_a_row_that_another_holds_is_passed_over_and_said_to_be_left(self):
        held, free = make_subscriptions(2)
        Service.objects.update(full_price=1)
        with transaction.atomic():
            Subscription.objects.select_for_update().get(pk=held.pk)
            assert in_thread(recalculate)() is True
            assert list(Subscription.objects.filter(price=1)) == [free]
        assert recalculate() is False
        assert wrong_prices() == []

    def test_what_another_run_is_at_is_said_to_be_left(self):
        SubscriptionFactory()
        Service.objects.update(full_price=1)
        Recalculation.objects.create(service=Service.objects.get())
        with transaction.atomic():
            Recalculation.objects.select_for_update().get()
            assert in_thread(recalculate)() is True
        assert Subscription.objects.get().price == 250

    def test_a_change_during_a_run_is_seen_by_that_run(self, small_chunks, monkeypatch):
        """::

        run                                 change
        prices the first chunk at 1
                                            the service costs 2 (committed)
        prices the rest at 2
        looks again: prices the first chunk at 2
        """
        make_subscriptions(6)
        Service.objects.update(full_price=1)
        chunks, changed = recalculation.reprice_rows, []

        def reprice_then_change(pks):
            count = chunks(pks)
            if not changed:
                changed.append(True)
                in_thread(lambda: Service.objects.update(full_price=2))()
            return count

        monkeypatch.setattr(recalculation, "reprice_rows", reprice_then_change)
        assert recalculate() is False
        assert {row.price for row in Subscription.objects.all()} == {2}
        assert wrong_prices() == []
        row = Recalculation.objects.get()
        assert (row.done, row.total) == (8, 8)  # the first two twice

    def test_a_subscription_made_during_a_change_is_found_later(self):
        """It reads the old price before the change is committed, and is committed after it."""
        service, plan = ServiceFactory(), PlanFactory()
        with transaction.atomic():
            row = SubscriptionFactory(service=service, plan=plan)
            assert row.price == 250
            in_thread(lambda: Service.objects.update(full_price=1))()
            in_thread(recalculate)()
        assert Subscription.objects.get().price_status == "pending"
        recalculate()
        assert wrong_prices() == []

    def test_many_runs_and_many_writers_end_with_every_price_right(self, small_chunks):
        services, plans = ServiceFactory.create_batch(3), PlanFactory.create_batch(2)
        for service in services:
            for plan in plans:
                make_subscriptions(10, service=service, plan=plan)

        def change(number):
            for step in range(10):
                Service.objects.filter(pk=services[(number + step) % 3].pk).update(
                    full_price=number * 100 + step
                )
                Plan.objects.filter(pk=plans[step % 2].pk).update(discount_percent=step)
                row = Subscription.objects.order_by("?").first()
                row.comment, row.service = f"{number}/{step}", services[step % 3]
                row.save()
            return True

        def run():
            for _ in range(15):
                recalculate()
            return True

        waits = [in_thread(lambda n=n: change(n)) for n in range(3)] + [in_thread(run) for _ in range(3)]
        assert all(wait() for wait in waits)
        assert recalculate() is False
        assert wrong_prices() == []
        assert not Recalculation.objects.filter(finished_at=None).exists()
