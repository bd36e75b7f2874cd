"""Pages of long lists in the admin: few rows are counted, and those of a far page are read by their ids."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.paginator import EmptyPage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.admin import FewCountsMixin, FewCountsPaginator
from tests.factories import UserFactory
from tests.tasks.factories import TaskFactory

pytestmark = pytest.mark.django_db


class Short(FewCountsPaginator):
    MAX_COUNTED = 4


def test_few_rows_are_counted_exactly():
    UserFactory.create_batch(4)
    assert Short(User.objects.order_by("pk"), 2).count == 4
    assert Short(User.objects.none(), 2).count == 0


def test_of_more_rows_the_planner_s_estimate_is_shown(django_assert_num_queries):
    UserFactory.create_batch(9)
    paginator = Short(User.objects.order_by("pk"), 2)
    with django_assert_num_queries(2) as captured:
        assert paginator.count >= 5
    assert "LIMIT 5" in captured[0]["sql"]
    assert captured[1]["sql"].startswith("EXPLAIN")


def test_a_page_keeps_order_and_joins_and_reads_its_own_rows(django_assert_num_queries):
    users = UserFactory.create_batch(4)
    paginator = Short(User.objects.order_by("-pk"), 3)
    assert list(paginator.page(1)) == users[:0:-1]
    with django_assert_num_queries(2):
        assert list(paginator.page(2)) == users[:1]
    with pytest.raises(EmptyPage):
        paginator.page(3)


@pytest.mark.parametrize(("maximum", "searches"), [(9, 1), (8, 5)])
def test_a_search_of_a_long_list_is_made_once_unless_it_finds_much(
    admin_client, monkeypatch, maximum, searches
):
    monkeypatch.setattr(FewCountsMixin, "MAX_FOUND", maximum)
    TaskFactory.create_batch(9, name="Find me", deadline="2030-01-01T00:00Z")
    TaskFactory(name="Other")
    with CaptureQueriesContext(connection) as captured:
        page = admin_client.get("/admin/tasks/task/?q=find")
    assert page.context["cl"].result_count == 9
    assert len(page.context["cl"].result_list) == 9
    assert sum("find" in query["sql"] for query in captured) == searches
