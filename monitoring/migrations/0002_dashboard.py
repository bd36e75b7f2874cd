"""The sums of the dashboard, and the triggers that keep them."""

from django.db import migrations, models

WEEK = "to_char(date_trunc('week', {} AT TIME ZONE 'UTC'), 'YYYY-MM-DD')"

# What a changed row takes from a sum and what it adds: n is 1 for new rows and -1 for old ones.
SUBSCRIPTION_SUMS = f"""
    SELECT 'sold', service_id || ':' || plan_id, sum(n), sum(n * price) FROM changed
    GROUP BY service_id, plan_id HAVING sum(n) <> 0 OR sum(n * price) <> 0
    UNION ALL
    SELECT 'subscribed', {WEEK.format("created_at")}, sum(n), 0 FROM changed
    GROUP BY 2 HAVING sum(n) <> 0
"""
ENROLLMENT_SUMS = f"""
    SELECT 'enrolled', {WEEK.format("created_at")}, sum(n), 0 FROM changed
    GROUP BY 2 HAVING sum(n) <> 0
    UNION ALL
    SELECT 'completed', {WEEK.format("completed_at")}, sum(n), 0 FROM changed
    WHERE completed_at IS NOT NULL GROUP BY 2 HAVING sum(n) <> 0
"""
TABLES = {
    "services_subscription": (SUBSCRIPTION_SUMS, "'sold', 'subscribed'"),
    "courses_enrollment": (ENROLLMENT_SUMS, "'enrolled', 'completed'"),
}

INSERT = "INSERT INTO monitoring_dashboardsum (kind, key, count, amount)"
CHANGES = {
    "insert": "SELECT 1 AS n, * FROM new_rows",
    "delete": "SELECT -1 AS n, * FROM old_rows",
    "update": "SELECT 1 AS n, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows",
}
TRANSITIONS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
}

FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    {body};
    RETURN NULL;
END $$;
CREATE TRIGGER dashboard_{event} AFTER {event} ON {table} {transition}
FOR EACH STATEMENT EXECUTE FUNCTION {name}();
"""


def name_of(table, event):
    return f"{table}_dashboard_{event}"


def install():
    for table, (sums, kinds) in TABLES.items():
        bodies = {
            event: f"WITH changed AS ({rows}) {INSERT} {sums}"
            for event, rows in CHANGES.items()
        }
        bodies["truncate"] = f"DELETE FROM monitoring_dashboardsum WHERE kind IN ({kinds})"
        for event, body in bodies.items():
            yield FUNCTION.format(
                name=name_of(table, event),
                body=body,
                event=event,
                table=table,
                transition=TRANSITIONS.get(event, ""),
            )
        yield f"WITH changed AS (SELECT 1 AS n, * FROM {table}) {INSERT} {sums};"


def uninstall():
    for table in TABLES:
        for event in (*CHANGES, "truncate"):
            yield f"DROP TRIGGER dashboard_{event} ON {table}; DROP FUNCTION {name_of(table, event)}();"


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0001_cache_key_permissions"),
        ("services", "0006_service_name"),
        ("courses", "0005_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="DashboardSum",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sold", "Sold"),
                            ("subscribed", "Subscribed"),
                            ("enrolled", "Enrolled"),
                            ("completed", "Completed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=50)),
                ("count", models.BigIntegerField()),
                ("amount", models.DecimalField(db_default=0, decimal_places=2, max_digits=24)),
            ],
            options={
                "permissions": (
                    ("view_dashboard", "Can view the dashboard's state of the cache and the workers"),
                ),
                "default_permissions": (),
            },
        ),
        migrations.RunSQL(list(install()), list(uninstall())),
    ]
