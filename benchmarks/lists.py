"""Measure the time in the database of every list of clients and services, over the API and in the admin.

    .venv/bin/python -m benchmarks.lists [--rows 1000000] [--plans]

On a PostgreSQL and a Redis of the benchmark's own, which keep the rows: a second run does not add them again.
Each request is made five times with an empty cache; the table shows the fastest, whose time is least that
of other work on the machine. ``--plans`` also prints EXPLAIN (ANALYZE) of each request's longest statement.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.servers import start_servers

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS, SERVICES, PLANS = 10_000, 50, 6
RUNS = 5

API, ADMIN = "/api/v1/", "/admin/"
LISTS = (
    f"{API}subscriptions/",
    f"{API}subscriptions/?page=5000",
    f"{API}subscriptions/?page=50000",
    f"{API}subscriptions/?order=-price",
    f"{API}subscriptions/?order=comment",
    f"{API}subscriptions/?client=77",
    f"{API}subscriptions/?service=7",
    f"{API}subscriptions/?service=7&page=500",
    f"{API}subscriptions/?plan=2",
    f"{API}subscriptions/?plan_type=student",
    f"{API}subscriptions/?service=7&plan=2",
    f"{API}subscriptions/?comment=c77",
    f"{API}subscriptions/?region=r7",
    f"{API}subscriptions/?region=r7&channel=w3",
    f"{API}subscriptions/?channel=w3",
    f"{API}subscriptions/?price_min=100&price_max=101",
    f"{API}subscriptions/?price_min=100",
    f"{API}subscriptions/?price_status=current",
    f"{API}subscriptions/?price_status=pending",
    f"{API}subscriptions/?search=company77",
    f"{API}subscriptions/?search=company7",
    f"{API}subscriptions/?search=example",
    f"{API}subscriptions/?search=c77",
    f"{API}subscriptions/?search=no-such",
    f"{API}clients/",
    f"{API}clients/?page=500",
    f"{API}clients/?search=company77",
    f"{API}clients/?search=no-such",
    f"{API}services/?search=7",
    f"{API}services/7/history/",
    f"{API}subscriptions/77/prices/",
    f"{API}recalculations/",
    f"{ADMIN}services/subscription/",
    f"{ADMIN}services/subscription/?p=5000",
    f"{ADMIN}services/subscription/?o=-5",
    f"{ADMIN}services/subscription/?q=company77",
    f"{ADMIN}services/subscription/?q=example",
    f"{ADMIN}services/subscription/?q=no-such",
    f"{ADMIN}services/subscription/?price_status=current",
    f"{ADMIN}services/subscription/?price_status=pending",
    f"{ADMIN}services/subscription/?plan__plan_type=student",
    f"{ADMIN}services/subscription/?service__id__exact=7",
    f"{ADMIN}services/subscription/?created_at__gte=2100-01-01",
    f"{ADMIN}clients/client/",
    f"{ADMIN}clients/client/?p=90",
    f"{ADMIN}clients/client/?q=company77",
    f"{ADMIN}clients/client/?q=no-such",
    f"{ADMIN}services/service/",
    f"{ADMIN}services/plan/",
    f"{ADMIN}services/pricechange/",
)


class Statement(NamedTuple):
    seconds: float
    sql: str
    params: Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="subscriptions")
    parser.add_argument("--plans", action="store_true", help="explain the longest statements")
    options = parser.parse_args()
    start()
    populate(options.rows)
    print(f"{'list':<66} {'queries':>8} {'in the database':>16}", flush=True)
    for address in LISTS:
        found = measure(address)
        total = sum(statement.seconds for statement in found)
        print(f"{address:<66} {len(found):>8} {total * 1000:>13.1f} ms", flush=True)
        if options.plans:
            print(explain(max(one for one in found if not one.sql.startswith("EXPLAIN"))), flush=True)


def start() -> Path:
    """Start the servers and migrate. Return the folder of the benchmark."""
    state = start_servers("lists")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "0",
        "DJANGO_SECRET_KEY": "only-for-benchmarks-" + "x" * 50,
        "THROTTLE_USER": "1000000/min",
        "DB_STATEMENT_TIMEOUT": "0",  # of the statement that adds a million rows
        "LOG_LEVEL": "ERROR",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return state


def populate(rows: int) -> None:
    """Add the subscriptions, unless there are as many."""
    from services.models import Plan, Service, Subscription

    if Subscription.objects.count() == rows:
        return
    execute("TRUNCATE services_subscription, services_service, services_plan, clients_client RESTART IDENTITY"
            " CASCADE")  # fmt: skip
    execute("TRUNCATE auth_user RESTART IDENTITY CASCADE")
    execute(
        "INSERT INTO auth_user (id, username, email, password, first_name, last_name, is_staff, is_active,"
        " is_superuser, date_joined) SELECT i, 'u' || i, 'u' || i || '@example.com', '', '', '', false, true,"
        " false, now() FROM generate_series(1, %s) AS i",
        CLIENTS,
    )
    execute(
        "INSERT INTO clients_client (id, user_id, company_name, full_address)"
        " SELECT i, i, 'company' || i, 'address ' || i FROM generate_series(1, %s) AS i",
        CLIENTS,
    )
    Service.objects.bulk_create(Service(name=f"Service {i}", full_price=100 + i) for i in range(SERVICES))
    kinds = Plan.PlanType.values
    Plan.objects.bulk_create(Plan(plan_type=kinds[i % 3], discount_percent=i * 5) for i in range(PLANS))
    execute(
        "INSERT INTO services_subscription (client_id, service_id, plan_id, comment, region, channel,"
        " created_at) SELECT 1 + i %% %s, 1 + i %% %s, 1 + i %% %s, 'c' || i %% 1000, 'r' || i %% 20,"
        " 'w' || i %% 7, now() - interval '1 minute' * (%s - i) FROM generate_series(1, %s) AS i",
        CLIENTS, SERVICES, PLANS, rows, rows,
    )  # fmt: skip
    execute("VACUUM ANALYZE")


def measure(address: str) -> list[Statement]:
    """Return the statements of the fastest of a few requests."""
    return min((request(address) for _ in range(RUNS)), key=lambda run: sum(one.seconds for one in run))


def request(address: str) -> list[Statement]:
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client

    cache.clear()
    statements: list[Statement] = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            statements.append(Statement(time.perf_counter() - began, sql, params))

    client = Client()
    client.force_login(admin())
    with connection.execute_wrapper(record):
        response = client.get(address, SERVER_NAME="localhost")
    assert response.status_code == 200, (address, response.status_code, response.content[:300])
    return [one for one in statements if "django_session" not in one.sql]


def admin() -> Any:
    from django.contrib.auth.models import User

    defaults = {"is_staff": True, "is_superuser": True}
    return User.objects.get_or_create(pk=CLIENTS + 1, username="reader", defaults=defaults)[0]


def explain(statement: Statement) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) {statement.sql}", statement.params)
        return "\n".join(f"    {line}" for (line,) in cursor.fetchall())


def execute(sql: str, *params: object) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)


if __name__ == "__main__":
    main()
