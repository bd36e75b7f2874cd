"""Subscriptions over HTTP: the shape, the filters, the total, bad input, and what a request costs."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from services.models import Plan, Recalculation, Service, Subscription
from services.recalculation import recalculate
from tests.clients.callers import signed_in
from tests.clients.factories import ClientFactory
from tests.factories import UserFactory
from tests.services.factories import PlanFactory, ServiceFactory, SubscriptionFactory, make_subscriptions
from tests.support.answers import problem

pytestmark = pytest.mark.django_db

SUBSCRIPTIONS, SERVICES, PLANS = "/api/v1/subscriptions/", "/api/v1/services/", "/api/v1/plans/"
SOURCE = "/api/subscriptions/"
SOURCE_FIELDS = ["id", "plan_id", "client_name", "email", "plan", "service", "price"]


@pytest.fixture
def source_example():
    """The source's two subscriptions: 250 less 5 %, and 250 less 20 %."""
    service = ServiceFactory(full_price=250)
    first = ClientFactory(company_name="Company First", user__email="andrey@gmail.com")
    second = ClientFactory(company_name="Company Second", user__email="Test_users@mail.com")
    return [
        SubscriptionFactory(
            client=first, service=service, plan=PlanFactory(plan_type="discount", discount_percent=5)
        ),
        SubscriptionFactory(
            client=second, service=service, plan=PlanFactory(plan_type="student", discount_percent=20)
        ),
    ]


@pytest.mark.parametrize("address", [SUBSCRIPTIONS, SOURCE, f"{SOURCE}?format=json"])
def test_the_sources_own_example(staff_api, source_example, address):
    first, second = source_example
    body = staff_api.get(address).json()
    assert body["total_amount"] == 437.5
    assert [row["price"] for row in body["result"]] == [237.5, 200]
    shown = body["result"][0]
    assert shown == {
        "id": first.pk,
        "plan_id": first.plan_id,
        "client_name": "Company First",
        "email": "andrey@gmail.com",
        "plan": {"id": first.plan_id, "plan_type": "discount", "discount_percent": 5},
        "service": {"id": first.service_id, "name": first.service.name, "full_price": 250.0},
        "price": 237.5,
        "price_status": "current",
        "priced_at": shown["priced_at"],
        "comment": "",
        "region": "",
        "channel": "",
        "client_id": first.client_id,
        "created_at": shown["created_at"],
    }
    assert list(shown)[:12] == [*SOURCE_FIELDS, "price_status", "priced_at", "comment", "region", "channel"]
    assert shown["priced_at"].endswith("Z")
    assert shown["created_at"].endswith("Z")
    assert (body["count"], body["next"], body["previous"]) == (2, None, None)
    assert staff_api.get(f"{address.partition('?')[0]}{second.pk}/").json() == body["result"][1]


def test_pages_link_to_each_other_at_the_address_of_the_request(staff_api):
    make_subscriptions(5, region="north")
    body = staff_api.get(f"{SOURCE}?page=2&page_size=2&region=north").json()
    assert body["next"] == f"{SOURCE}?region=north&page=3&page_size=2"
    assert body["previous"] == f"{SOURCE}?region=north&page=1&page_size=2"
    assert (len(body["result"]), body["count"], body["total_amount"]) == (2, 5, 1250)
    problem(staff_api.get(f"{SOURCE}?page=4&page_size=2"), 404)


class TestFilters:
    @pytest.fixture
    def rows(self):
        return {
            "cheap": SubscriptionFactory(
                service=ServiceFactory(full_price=10), comment="a", region="n", channel="x"
            ),
            "student": SubscriptionFactory(
                plan=PlanFactory(plan_type="student", discount_percent=50), comment="b"
            ),
            "dear": SubscriptionFactory(service=ServiceFactory(full_price=1000), region="n", channel="y"),
        }

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", {"cheap", "student", "dear"}),
            ("client={cheap.client_id}", {"cheap"}),
            ("service={dear.service_id}", {"dear"}),
            ("plan={student.plan_id}", {"student"}),
            ("plan_type=student", {"student"}),
            ("plan_type=discount", set()),
            ("comment=b", {"student"}),
            ("region=n", {"cheap", "dear"}),
            ("region=n&channel=y", {"dear"}),
            ("price_min=125", {"student", "dear"}),
            ("price_max=125.00", {"cheap", "student"}),
            ("price_min=11&price_max=999.99", {"student"}),
            ("region=n&plan_type=student", set()),
            ("comment=", {"cheap", "student", "dear"}),
        ],
    )
    def test_a_filter_selects_rows_and_their_total(self, staff_api, rows, query, found):
        for _ in "miss", "hit":
            body = staff_api.get(f"{SUBSCRIPTIONS}?{query.format(**rows)}").json()
            assert {row["id"] for row in body["result"]} == {rows[name].pk for name in found}
            assert body["count"] == len(found)
            assert body["total_amount"] == sum(float(rows[name].price) for name in found)

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("client=x", "client"),
            ("service=0", "service"),
            ("plan=-1", "plan"),
            ("client=99999999999999999999", "client"),
            ("plan_type=gift", "plan_type"),
            ("price_min=-1", "price_min"),
            ("price_max=NaN", "price_max"),
            ("comment=" + "x" * 51, "comment"),
            ("region=%00", "region"),
            ("page=0", "page"),
            ("page_size=101", "page_size"),
        ],
    )
    def test_a_bad_filter_names_what_is_accepted(self, staff_api, query, name):
        body = problem(staff_api.get(f"{SUBSCRIPTIONS}?{query}"), 400)
        assert "must be" in body["errors"][name][0]


class TestTotal:
    def total(self, api):
        return api.get(SUBSCRIPTIONS).json()["total_amount"]

    def test_nothing_is_0_and_is_cached_as_such(self, staff_api):
        assert self.total(staff_api) == 0
        assert cache.get(settings.PRICE_CACHE_NAME) == 0
        with CaptureQueriesContext(connection) as captured:
            assert self.total(staff_api) == 0
        assert not [query for query in captured if "SUM(" in query["sql"]]

    def test_it_is_a_number_under_the_sources_name_for_an_hour(self, staff_api, source_example, cache_redis):
        self.total(staff_api)
        assert settings.PRICE_CACHE_NAME == "price_cache"
        assert cache.get("price_cache") == 437.5
        assert 3590 < cache_redis.ttl(":1:price_cache") <= 3600

    def test_filters_do_not_get_it_nor_give_it(self, staff_api, source_example):
        assert staff_api.get(f"{SUBSCRIPTIONS}?plan_type=student").json()["total_amount"] == 200
        assert self.total(staff_api) == 437.5
        assert staff_api.get(f"{SUBSCRIPTIONS}?plan_type=student").json()["total_amount"] == 200

    def test_it_follows_every_kind_of_change(self, staff_api, source_example):
        first, second = source_example
        assert self.total(staff_api) == 437.5
        third = SubscriptionFactory(client=first.client, service=first.service, plan=first.plan)
        assert self.total(staff_api) == 675
        third.plan = second.plan
        third.save()
        assert self.total(staff_api) == 637.5
        third.delete()
        assert self.total(staff_api) == 437.5
        Subscription.objects.filter(pk=first.pk).update(plan=second.plan)
        assert self.total(staff_api) == 400
        Subscription.objects.bulk_create(
            [Subscription(client=first.client, service=first.service, plan=second.plan)]
        )
        assert self.total(staff_api) == 600
        Service.objects.update(full_price=100)
        recalculate()
        assert self.total(staff_api) == 240
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM services_subscription")
        assert self.total(staff_api) == 0

    def test_a_plan_of_another_type_moves_between_filtered_totals(self, staff_api, source_example):
        address = f"{SUBSCRIPTIONS}?plan_type=student"
        assert staff_api.get(address).json()["total_amount"] == 200
        Plan.objects.filter(plan_type="discount").update(plan_type="student")
        assert staff_api.get(address).json()["total_amount"] == 437.5


class TestHowItWasComeBy:
    @pytest.mark.parametrize("query", ["", "?plan_type=student"])
    def test_a_list_says_whether_the_cache_knew_what_it_comes_to(self, staff_api, source_example, query):
        first = staff_api.get(SUBSCRIPTIONS + query)
        again = staff_api.get(SUBSCRIPTIONS + query, headers={"If-None-Match": first["ETag"]})
        assert (first["X-Cache"], again["X-Cache"], again.status_code) == ("MISS", "HIT", 304)
        assert again["Cache-Status"].startswith("Syllabus; hit")
        Subscription.objects.filter(plan__plan_type="student").first().delete()
        assert staff_api.get(SUBSCRIPTIONS + query)["X-Cache"] == "MISS"

    def test_a_change_that_no_sum_shows_leaves_count_and_total_cached(self, staff_api, source_example):
        staff_api.get(SUBSCRIPTIONS)
        Subscription.objects.update(comment="changed")
        answer = staff_api.get(SUBSCRIPTIONS)
        assert answer["X-Cache"] == "HIT"
        assert {row["comment"] for row in answer.json()["result"]} == {"changed"}

    @pytest.mark.parametrize("part", [settings.PRICE_CACHE_NAME, "v1:subscriptions:count"])
    def test_it_is_a_hit_only_if_count_and_total_are(self, staff_api, source_example, part):
        staff_api.get(SUBSCRIPTIONS)
        cache.delete(part)
        assert [staff_api.get(SUBSCRIPTIONS)["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]


class TestCost:
    def costs(self, api, address):
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as captured:
                assert api.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    @pytest.fixture
    def admin_api(self):
        return signed_in(UserFactory(is_staff=True, is_superuser=True))

    @pytest.mark.parametrize("rows", [1, 50])
    def test_a_list_costs_few_queries_however_many_rows(self, admin_api, rows):
        for _ in range(rows):
            SubscriptionFactory()
        assert self.costs(admin_api, f"{SUBSCRIPTIONS}?page_size=100") == [3, 1]
        assert self.costs(admin_api, f"{SUBSCRIPTIONS}?page_size=100&plan_type=full") == [2, 1]

    @pytest.mark.parametrize("rows", [1, 50])
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("price_status=pending", [3, 2]),
            ("price_status=current", [3, 2]),
            ("search=o", [3, 3]),
            ("search=o&price_status=current", [5, 5]),
            ("order=-price&plan_type=full", [3, 2]),
        ],
    )
    def test_filters_cost_few_queries_however_many_rows(self, admin_api, rows, query, expected):
        for _ in range(rows + 1):  # one is pending
            SubscriptionFactory()
        Service.objects.filter(pk=Service.objects.first().pk).update(full_price=1)
        assert self.costs(admin_api, f"{SUBSCRIPTIONS}?page_size=100&{query}") == expected

    @pytest.mark.parametrize("query", ["price_status=pending", "search=o", "search=o&price_status=pending"])
    def test_a_clients_own_filters_cost_few_queries(self, query):
        row = SubscriptionFactory()
        Service.objects.update(full_price=1)
        cold, _ = self.costs(signed_in(row.client.user), f"{SUBSCRIPTIONS}?{query}")
        assert cold <= 4

    def test_a_clients_own_list_costs_one_query_more(self):
        row = SubscriptionFactory()
        assert self.costs(signed_in(row.client.user), SUBSCRIPTIONS) == [3, 2]


class TestWriting:
    def test_a_new_subscription_comes_back_with_its_price(self, staff_api):
        client, service, plan = ClientFactory(), ServiceFactory(), PlanFactory(discount_percent=20)
        body = {"client": client.pk, "service": service.pk, "plan": plan.pk, "comment": "hello"}
        response = staff_api.post(SUBSCRIPTIONS, body, format="json")
        assert response.status_code == 201
        shown = response.json()
        assert (shown["price"], shown["price_status"], shown["comment"]) == (200, "current", "hello")
        assert staff_api.get(response["Location"]).json() == shown

    def test_a_moved_subscription_comes_back_with_its_new_price(self, staff_api, source_example):
        first, second = source_example
        response = staff_api.patch(f"{SUBSCRIPTIONS}{first.pk}/", {"plan": second.plan_id}, format="json")
        assert (response.json()["price"], response.json()["price_status"]) == (200, "current")

    @pytest.mark.parametrize("field", ["price", "price_status", "id", "email", "created_at", "colour"])
    def test_a_field_that_cannot_be_written_is_refused(self, staff_api, source_example, field):
        address = f"{SUBSCRIPTIONS}{source_example[0].pk}/"
        errors = problem(staff_api.patch(address, {field: 1, "region": "n"}, format="json"), 400)["errors"]
        assert "Accepted: client, service, plan, client_id" in errors[field][0]
        assert staff_api.get(address).json()["region"] == ""

    def test_a_changed_service_leaves_prices_pending_until_they_have_followed(
        self, staff_api, source_example
    ):
        first, _ = source_example
        response = staff_api.patch(f"{SERVICES}{first.service_id}/", {"full_price": 100.5}, format="json")
        assert response.json()["full_price"] == 100.5
        row = staff_api.get(f"{SUBSCRIPTIONS}{first.pk}/").json()
        assert (row["price"], row["price_status"]) == (237.5, "pending")
        recalculate()
        after = staff_api.get(f"{SUBSCRIPTIONS}{first.pk}/").json()
        assert (after["price"], after["price_status"]) == (95.48, "current")  # 95.475
        assert after["priced_at"] > row["priced_at"]

    @pytest.mark.parametrize(
        ("address", "body", "field"),
        [
            (PLANS, {"plan_type": "full", "discount_percent": 101}, "discount_percent"),
            (PLANS, {"plan_type": "full", "discount_percent": -1}, "discount_percent"),
            (PLANS, {"plan_type": "full", "discount_percent": 5.5}, "discount_percent"),
            (PLANS, {"plan_type": "gift", "discount_percent": 1}, "plan_type"),
            (SERVICES, {"name": "x", "full_price": -1}, "full_price"),
            (SERVICES, {"name": "x", "full_price": "NaN"}, "full_price"),
            (SERVICES, {"name": "x", "full_price": 10**10}, "full_price"),
            (SERVICES, {"name": "x", "full_price": 1.005}, "full_price"),
            (SERVICES, {"name": "", "full_price": 1}, "name"),
            (SERVICES, {"name": "x" * 51, "full_price": 1}, "name"),
            (SUBSCRIPTIONS, {"service": 1, "plan": 1}, "client"),
            (SUBSCRIPTIONS, {"client": 0, "service": 10**30, "plan": "x"}, "service"),
            (SUBSCRIPTIONS, {"comment": "x" * 51}, "comment"),
            (SUBSCRIPTIONS, {"comment": "a\0"}, "comment"),
        ],
    )
    def test_bad_input_names_the_field(self, staff_api, address, body, field):
        assert field in problem(staff_api.post(address, body, format="json"), 400)["errors"]

    @pytest.mark.parametrize("verb", ["put", "patch"])
    def test_what_a_get_shows_can_be_sent_back(self, staff_api, source_example, verb):
        address = f"{SUBSCRIPTIONS}{source_example[0].pk}/"
        seen = staff_api.get(address)
        names = ("client_id", "plan_id", "plan", "service", "comment", "region", "channel")
        body = {name: seen.json()[name] for name in names}
        answer = getattr(staff_api, verb)(address, body, format="json")
        assert (answer.status_code, answer.content, answer["ETag"]) == (200, seen.content, seen["ETag"])

    def test_each_parent_has_two_names(self, staff_api, source_example):
        first, second = source_example
        ids = {"client_id": second.client_id, "service_id": first.service_id, "plan_id": second.plan_id}
        shown = staff_api.put(f"{SUBSCRIPTIONS}{first.pk}/", ids, format="json").json()
        assert (shown["client_id"], shown["plan_id"], shown["price"]) == (
            second.client_id,
            second.plan_id,
            200,
        )
        created = staff_api.post(SUBSCRIPTIONS, ids, format="json")
        assert created.status_code == 201
        assert created.json()["client_name"] == "Company Second"

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (lambda row, other: {"plan": row.plan_id, "plan_id": other.plan_id}, "plan_id"),
            (lambda row, other: {"plan": {"id": other.plan_id}, "plan_id": row.plan_id}, "plan_id"),
            (lambda row, _: {"service": {"id": row.service_id, "full_price": 1}}, "service"),
            (lambda row, _: {"service": {"id": row.service_id, "colour": "red"}}, "service"),
            (lambda *_: {"service": {"name": "x"}}, "service"),
            (lambda *_: {"service": {"id": {}}}, "service"),
            (lambda *_: {"plan": 1.5}, "plan"),
            (lambda *_: {"client_id": True}, "client_id"),
        ],
    )
    def test_a_parent_that_is_not_clear_is_refused(self, staff_api, source_example, change, field):
        row, other = source_example
        body = change(row, other)
        assert (
            field in problem(staff_api.patch(f"{SUBSCRIPTIONS}{row.pk}/", body, format="json"), 400)["errors"]
        )

    def test_a_new_subscription_names_what_it_lacks(self, staff_api, source_example):
        body = {"plan_id": source_example[0].plan_id}
        assert set(problem(staff_api.post(SUBSCRIPTIONS, body, format="json"), 400)["errors"]) == {
            "client",
            "service",
        }

    def test_an_unknown_subscription_is_404(self, staff_api):
        for verb in (staff_api.get, staff_api.delete, staff_api.patch):
            problem(verb(f"{SUBSCRIPTIONS}{10**25}/"), 404)


@pytest.fixture
def addresses(source_example):
    row = source_example[0]
    return {
        "subscriptions": (f"{SUBSCRIPTIONS}{row.pk}/", {"region": "new"}),
        "source's": (f"{SOURCE}{row.pk}/", {"region": "new"}),
        "services": (f"{SERVICES}{row.service_id}/", {"name": "new"}),
        "plans": (f"{PLANS}{row.plan_id}/", {"plan_type": "full"}),
    }


@pytest.mark.parametrize("name", ["subscriptions", "source's", "services", "plans"])
class TestConditionalWrites:
    def test_an_etag_that_was_sent_is_honoured(self, staff_api, addresses, name):
        address, change = addresses[name]
        seen = staff_api.get(address)["ETag"]
        assert staff_api.get(address, headers={"If-None-Match": seen}).status_code == 304
        changed = staff_api.patch(address, change, format="json", headers={"If-Match": seen})
        assert changed.status_code == 200
        assert changed["ETag"] == staff_api.get(address)["ETag"] != seen
        for verb in (staff_api.patch, staff_api.put, staff_api.delete):
            problem(verb(address, {}, format="json", headers={"If-Match": seen}), 412)
        if "subscriptions" in address and address.startswith("/api/v1"):
            problem(staff_api.post(f"{address}recalculate/", headers={"If-Match": seen}), 412)

    def test_an_empty_change_changes_no_etag(self, staff_api, addresses, name):
        address, _ = addresses[name]
        assert staff_api.patch(address, {}, format="json")["ETag"] == staff_api.get(address)["ETag"]

    def test_options_and_unknown_parameters(self, staff_api, addresses, name):
        address, _ = addresses[name]
        assert staff_api.options(address).status_code == 200
        errors = problem(staff_api.get(f"{address}?fields=id"), 400)["errors"]
        assert "is not a parameter here" in errors["fields"][0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["subscriptions/{0}/", "services/{1}/", "plans/{2}/", "clients/{3}/"])
def test_options_need_no_transaction(staff_api, path):
    row = SubscriptionFactory()
    address = "/api/v1/" + path.format(row.pk, row.service_id, row.plan_id, row.client_id)
    assert "PUT" in staff_api.options(address).json()["methods"]


class TestSearchStatusAndOrder:
    @pytest.fixture
    def rows(self):
        dear = ServiceFactory(full_price=900)
        return {
            "acme": SubscriptionFactory(client=ClientFactory(company_name="Acme 10_0"), comment="Zulu"),
            "mail": SubscriptionFactory(
                client=ClientFactory(company_name="Mail", user__email="acme@mail.example"),
                service=dear,
                comment="zero",
            ),
            "word": SubscriptionFactory(service=ServiceFactory(full_price=1), comment="acme is their name"),
        }

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("search=ACME", {"acme", "mail", "word"}),
            ("search=acme+10", {"acme"}),
            ("search=acme+is", {"word"}),
            ("search=their", set()),
            ("search=10%250", set()),
            ("search=ze", {"mail"}),
            ("search=acme&price_max=250", {"acme", "word"}),
            ("search=", {"acme", "mail", "word"}),
            ("price_status=pending", {"mail"}),
            ("price_status=current", {"acme", "word"}),
            ("price_status=pending&search=acme", {"mail"}),
            ("price_status=current&search=z", {"acme"}),
            ("price_status=pending&client={mail.client_id}&search=acme", {"mail"}),
            ("price_status=current&client={mail.client_id}", set()),
        ],
    )
    def test_a_filter_selects_rows_and_their_total(self, staff_api, rows, query, found):
        Service.objects.filter(pk=rows["mail"].service_id).update(full_price=800)
        for _ in "miss", "hit":
            body = staff_api.get(f"{SUBSCRIPTIONS}?{query.format(**rows)}").json()
            assert {row["id"] for row in body["result"]} == {rows[name].pk for name in found}
            assert body["count"] == len(found)
            assert body["total_amount"] == sum(float(rows[name].price) for name in found)

    @pytest.mark.parametrize("change", ["service", "plan"])
    def test_totals_of_a_price_status_follow_every_change(self, staff_api, rows, change):
        address = f"{SUBSCRIPTIONS}?price_status=pending"
        assert staff_api.get(address).json()["count"] == 0
        if change == "service":
            Service.objects.filter(pk=rows["mail"].service_id).update(full_price=800)
        else:
            Plan.objects.filter(pk=rows["mail"].plan_id).update(discount_percent=1)
        assert staff_api.get(address).json()["count"] == 1
        recalculate()
        assert staff_api.get(address).json()["count"] == 0

    def test_a_searched_total_follows_a_new_e_mail_address(self, staff_api, rows):
        address = f"{SUBSCRIPTIONS}?search=acme@"
        assert staff_api.get(address).json()["total_amount"] == 900
        user = rows["mail"].client.user
        user.email = "else@mail.example"
        user.save()
        answer = staff_api.get(address)
        assert (answer.json()["total_amount"], answer["X-Cache"]) == (0, "BYPASS")

    @pytest.mark.parametrize(
        ("order", "names"),
        [
            ("price", ["word", "acme", "mail"]),
            ("-price", ["mail", "acme", "word"]),
            ("id", ["acme", "mail", "word"]),
            ("-id", ["word", "mail", "acme"]),
            ("-service", ["word", "acme", "mail"]),
        ],
    )
    def test_an_order_sorts_the_pages(self, staff_api, rows, order, names):
        address = f"{SUBSCRIPTIONS}?order={order}&page_size=1&search=acme"
        shown = []
        while address:
            body = staff_api.get(address).json()
            shown += [row["id"] for row in body["result"]]
            address = body["next"]
        assert shown == [rows[name].pk for name in names]

    def test_equal_ones_are_sorted_by_id(self, staff_api):
        pks = sorted(row.pk for row in make_subscriptions(5))
        for order, expected in ("price", pks), ("-price", pks[::-1]):
            body = staff_api.get(f"{SUBSCRIPTIONS}?order={order}").json()
            assert [row["id"] for row in body["result"]] == expected

    @pytest.mark.parametrize(
        ("query", "name"),
        [("order=colour", "order"), ("price_status=late", "price_status"), ("search=" + "x" * 101, "search")],
    )
    def test_a_bad_value_names_what_is_accepted(self, staff_api, query, name):
        assert "must be" in problem(staff_api.get(f"{SUBSCRIPTIONS}?{query}"), 400)["errors"][name][0]

    @pytest.mark.parametrize("address", [SUBSCRIPTIONS, SOURCE, SERVICES, PLANS, "/api/v1/recalculations/"])
    def test_an_unknown_parameter_is_refused(self, staff_api, address):
        errors = problem(staff_api.get(f"{address}?colour=red"), 400)["errors"]
        assert "is not a parameter here. Accepted: page, page_size" in errors["colour"][0]

    def test_services_are_searched_by_name(self, staff_api):
        found = ServiceFactory(name="English for beginners")
        ServiceFactory(name="English")
        body = staff_api.get(f"{SERVICES}?search=begin+eng").json()
        assert ([row["id"] for row in body["results"]], body["count"]) == ([found.pk], 1)


class TestRecalculations:
    def test_those_under_way_come_first(self, staff_api, source_example):
        first, _ = source_example
        Service.objects.update(full_price=1)
        recalculate()
        Recalculation.objects.create(plan=first.plan, total=10, done=4)
        finished, running = Recalculation.objects.order_by("pk")
        body = staff_api.get("/api/v1/recalculations/").json()
        assert [row["id"] for row in body["results"]] == [running.pk, finished.pk]
        shown = body["results"][0]
        assert (shown["done"], shown["total"], shown["finished_at"]) == (4, 10, None)
        assert shown["plan"] == {"id": first.plan_id, "plan_type": "discount", "discount_percent": 5}
        assert body["results"][1]["service"]["id"] == first.service_id

    def test_the_list_costs_the_same_for_1_and_50(self, staff_api):
        costs = []
        staff_api.get("/api/v1/recalculations/")  # the permissions are read once
        for count in (1, 49):
            for service in ServiceFactory.create_batch(count):
                Recalculation.objects.create(service=service)
            with CaptureQueriesContext(connection) as captured:
                staff_api.get("/api/v1/recalculations/?page_size=100")
            costs.append(len(captured))
        assert costs[0] == costs[1]
