"""``caching/`` in another project, which shares nothing else with this one (strangers_project/).

Each test runs with each driver and with each of Django's own cache backends as the default cache.
"""

from __future__ import annotations

import json
import re

import pytest
from django.conf import settings
from django.db import connection

from tests.caching import psycopg3
from tests.caching.redis_process import RedisProcess
from tests.caching.shop import DRIVERS, PROJECT, ROOT, RULES, Shop, databases, migrate

IN_THE_SHOP = (
    "import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'; django.setup();"
    "from django.db import connection;"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(settings.CACHING["CLUSTER"]), reason="it brings a Redis of its own"),
]


@pytest.fixture(scope="module", params=zip(DRIVERS, ("locmem", "redis"), strict=True), ids="-".join)
def shop(request, tmp_path_factory, django_db_setup, django_db_blocker):
    """Yield the shop with its tables, on databases and a Redis of its own."""
    driver, cache = request.param
    with django_db_blocker.unblock():
        server = {name: connection.get_connection_params()[name] for name in ("host", "user")}
        name = f"shop_{connection.settings_dict['NAME']}"[:50]
    redis = RedisProcess(tmp_path_factory.mktemp("redis"))
    folder = tmp_path_factory.mktemp("project") / "shop"
    try:
        with databases(name, server) as owner:
            made = Shop(folder, driver=driver, cache=cache, database=name, server=owner, redis_url=redis.url)
            migrate(made)
            yield made
    except psycopg3.NotInstalled as error:
        pytest.skip(f"psycopg 3 cannot be installed: {error}")
    finally:
        redis.remove()


def test_project_has_only_what_the_manual_names(shop):
    for name in (
        "rest_framework",
        "celery",
        "django_redis",
        "hiredis",
        "config",
        "courses",
        "dj_database_url",
    ):
        code = f"import alone, {name}"
        assert f"a stranger's project has no {name}" in shop.run("-c", code, returns=1)
    other = {"psycopg2": "psycopg", "psycopg 3": "psycopg2"}[shop.environment["SHOP_DRIVER"]]
    assert "a stranger's project has no" in shop.run("-c", f"import alone, {other}", returns=1)


def test_project_is_checked_and_migrated_by_djangos_commands(shop):
    both = ("--database", "default", "--database", "archive")
    assert "no issues" in shop.run("manage.py", "check", *both)
    assert "No changes detected" in shop.run("manage.py", "makemigrations", "--check", "--dry-run")
    shown = shop.run("manage.py", "cache", "status")
    assert "archive: 0 rows in the outbox" in shown
    assert "MISSING" not in shown


def test_migrate_makes_triggers_that_are_missing(shop):
    check = ("check", "--database", "default", "--database", "archive", "--fail-level", "WARNING")
    shop.run("-c", f"{IN_THE_SHOP}connection.cursor().execute('DROP TRIGGER caching_update ON shop_stock')")
    assert "caching.W004" in shop.run("manage.py", *check, returns=1)
    shop.run("manage.py", "migrate", "--verbosity", "0")
    assert "no issues" in shop.run("manage.py", *check)


def test_database_without_an_outbox_is_reported(shop):
    rename = f"{IN_THE_SHOP}connection.cursor().execute('ALTER TABLE %s RENAME TO %s')"
    shop.run("-c", rename % ("caching_outbox", "elsewhere"))
    check = ("check", "--database", "default", "--fail-level", "WARNING")
    try:
        assert "caching.W005" in shop.run("manage.py", *check, returns=1)
    finally:
        shop.run("-c", rename % ("elsewhere", "caching_outbox"))


def test_processes_miss_hit_write_and_miss(shop):
    create = "from shop.models import Product; print(Product.objects.create(name='old').pk)"
    made = shop.run("-c", IN_THE_SHOP + create).strip()
    assert shop.run("ask.py", "read", made) == "MISS old\n"
    assert shop.run("ask.py", "read", made) == "HIT old\n"
    shop.run("ask.py", "rename", made, "new")
    assert shop.run("ask.py", "read", made) == "MISS new\n"
    assert shop.run("ask.py", "read", made) == "HIT new\n"


def test_project_keeps_the_promise_in_every_schedule(shop):
    *names, last = shop.run("schedules.py", SHOP_CHECK_LOADS="1").splitlines()
    assert last == f"{shop.environment['SHOP_DRIVER']} {len(names)} schedules"
    assert len(names) == 13


def test_promise_is_kept_where_the_server_fills_in_parameters(shop):
    if shop.environment["SHOP_DRIVER"] == "psycopg2":
        pytest.skip("psycopg2 cannot")
    assert shop.run("schedules.py", SHOP_BINDING="server").splitlines()[-1].endswith("13 schedules")


def history(shop, **environment):
    return json.loads(shop.run("history.py", "3000", **environment).splitlines()[-1])


GRANTS = """
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {clerk};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {clerk};
GRANT INSERT, DELETE, UPDATE ON caching_outbox TO {clerk};
GRANT INSERT ON shop_product_tags, shop_tag TO {clerk};
"""


def test_role_with_the_fewest_rights_reads_and_writes(shop):
    """It may add tags but change nothing, so it cannot lock the rows on the path."""
    clerk = f"{shop.environment['SHOP_DATABASE']}_clerk"
    for alias in ("default", "archive"):
        tables = GRANTS if alias == "default" else GRANTS.rpartition("GRANT")[0]
        grants = tables.format(clerk=f'"{clerk}"')
        shop.run("-c", f"{IN_THE_SHOP}from django.db import connections;"
                 f"connections['{alias}'].cursor().execute({grants!r})")  # fmt: skip
    create = "from shop.models import Product; print(Product.objects.create(name='one').pk)"
    made = shop.run("-c", IN_THE_SHOP + create).strip()
    assert [shop.run("ask.py", "read", made, SHOP_DATABASE_USER=clerk) for _ in range(2)] == [
        "MISS one\n",
        "HIT one\n",
    ]
    tag = "from shop.models import Tag; Tag.objects.create(name='new').products.add(%s)"
    shop.run("-c", IN_THE_SHOP + tag % made, SHOP_DATABASE_USER=clerk)
    show = "from shop.cache import product_detail as p; r = p.get(pk=%s); print(r.x_cache, r.value['tags'])"
    assert shop.run("-c", IN_THE_SHOP + show % made) == "MISS ['new']\n"


def test_history_finds_stale_reads_of_a_cache_without_reports(shop):
    assert history(shop, SHOP_WITHOUT="report")["stale"] > 0


def test_history_has_no_wrong_read(shop):
    found = history(shop)
    assert found["reads"] == 3000
    assert found["acknowledged"] > 50
    assert found["hits"] > 300
    assert {rule: found[rule] for rule in RULES} == dict.fromkeys(RULES, 0)


def test_declarations_are_those_of_the_manual():
    manual = (ROOT / "caching" / "README.md").read_text()
    lines = re.search(r"# shop/cache.py\n.*?(product_detail = .*?)\n# shop/views.py", manual, re.DOTALL)
    assert lines
    assert lines[1].strip() in (PROJECT / "shop" / "cache.py").read_text()
