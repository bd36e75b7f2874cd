"""django-cachalot, switched on as an operator would: it works, and nothing of ours goes stale by it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from config.environment import ROOT
from tests.services.factories import make_subscriptions
from tests.support.processes import child_environment

SETUP = """
import json, sys, threading, django
django.setup()
from django.conf import settings
from django.core.cache import caches
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from services import cache
from services.models import Plan, Service, Subscription
from services.recalculation import pending_sources, recalculate

def queries_of(function):
    with CaptureQueriesContext(connection) as captured:
        function()
    return len(captured)

def elsewhere(function):
    def run():
        function()
        connection.close()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

def totals(**selection):
    return cache.totals(selection)

def source_total():
    return float(Subscription.objects.aggregate(total=Sum("price"))["total"])

answers = {}
"""


def run(script: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", SETUP + script + "\njson.dump(answers, sys.stdout)"],
        cwd=ROOT,
        env=child_environment(CACHALOT_ENABLED="1", LOG_LEVEL="WARNING"),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.django_db(transaction=True)
class TestSwitchedOn:
    def test_it_caches_queries_of_the_two_apps_under_an_alias_of_its_own(self):
        make_subscriptions(3)
        answers = run("""
def plans():
    list(Plan.objects.all())
def users():
    from django.contrib.auth.models import User
    list(User.objects.all())
answers["plans"] = [queries_of(plans), queries_of(plans)]
answers["users"] = [queries_of(users), queries_of(users)]
Plan.objects.update(discount_percent=7)
answers["after a write"] = queries_of(plans)
answers["alias"] = settings.CACHALOT_CACHE
answers["default serializer"] = settings.CACHES["default"]["OPTIONS"]["SERIALIZER"]
""")
        assert answers["plans"] == [1, 0]
        assert answers["users"] == [1, 1]
        assert answers["after a write"] == 1
        assert answers["alias"] == "cachalot"
        assert answers["default serializer"].endswith("JSONSerializer")

    def test_what_it_has_stored_too_late_reaches_neither_totals_nor_recalculation(self):
        """::

        cachalot's reader               writer
        SELECT: old
                                        UPDATE, COMMIT, cachalot invalidates
        stores old
        """
        make_subscriptions(3)
        answers = run("""
# The writer comes between the reader's SELECT and its store.
def write():
    Service.objects.update(full_price=100)
    recalculate()
    Subscription.objects.first().delete()
    Service.objects.update(full_price=50)

store = type(caches["cachalot"]).set_many
written = []
def write_then_store(self, *args, **kwargs):
    if not written:
        written.append(True)
        elsewhere(write)
    return store(self, *args, **kwargs)
type(caches["cachalot"]).set_many = write_then_store
source_total()
answers["cachalot says"] = source_total()
full = totals(region="")
answers["we say"] = [cache.price_total.get().value, totals().number, full.number, full.amount]
answers["pending"] = len(pending_sources())
recalculate()
answers["in the end"] = [cache.price_total.get().value, len(pending_sources())]
""")
        assert answers["cachalot says"] == 750  # stale: this is what the source would have served
        assert answers["we say"] == [200, 2, 2, 200]
        assert answers["pending"] == 1
        assert answers["in the end"] == [100, 0]
