"""The kept totals by the revisions of the prices, too; and room for new prices beside the old ones.

The totals then say what is pending, so that no index has to hold the revisions: a new price whose columns are
in no index is a HOT update, which adds an entry to none. That needs room for it in the row's own page, which
pages that are written from now on have. Until its workers are restarted, the previous release fails to add up
the rows of services_source_totals, once a minute; it changes none of them.
"""

from django.db import migrations

# No statement changes a subscription before the end of the migration.
TABLE = """
LOCK TABLE services_subscription IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE services_source_totals ADD service_revision bigint, ADD plan_revision bigint;
DELETE FROM services_source_totals;
INSERT INTO services_source_totals (service_id, plan_id, service_revision, plan_revision, count, amount)
SELECT service_id, plan_id, service_revision, plan_revision, count(*), sum(price) FROM services_subscription
GROUP BY 1, 2, 3, 4;
ALTER TABLE services_source_totals
    ALTER service_revision SET NOT NULL, ALTER plan_revision SET NOT NULL;
"""


def functions(keys):
    """Return the SQL of the triggers' functions, which keep a total for each value of the keys."""
    into = f"INSERT INTO services_source_totals ({keys}, count, amount)"
    return f"""
CREATE OR REPLACE FUNCTION services_tally_insert() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    {into}
    SELECT {keys}, count(*), sum(price) FROM new_rows GROUP BY {keys};
    INSERT INTO services_tally SELECT count(*), sum(price) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION services_tally_update() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    WITH changed AS (
        {into}
        SELECT {keys}, sum(number), sum(price)
        FROM (
            SELECT {keys}, 1 AS number, price FROM new_rows
            UNION ALL SELECT {keys}, -1, -price FROM old_rows
        ) AS rows
        GROUP BY {keys} HAVING sum(number) <> 0 OR sum(price) <> 0
        RETURNING amount
    )
    INSERT INTO services_tally SELECT 0, sum(amount) FROM changed HAVING sum(amount) <> 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION services_tally_delete() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    {into}
    SELECT {keys}, -count(*), -sum(price) FROM old_rows GROUP BY {keys};
    INSERT INTO services_tally SELECT -count(*), -sum(price) FROM old_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;
"""


FORMER = "service_id, plan_id"
PRESENT = f"{FORMER}, service_revision, plan_revision"

ROOM = "ALTER TABLE services_subscription SET (fillfactor = 50);"
UNDO = [
    "ALTER TABLE services_subscription RESET (fillfactor);",
    functions(FORMER),
    "ALTER TABLE services_source_totals DROP service_revision, DROP plan_revision;",
]


class Migration(migrations.Migration):
    dependencies = [("services", "0010_orders")]

    operations = [migrations.RunSQL([TABLE, functions(PRESENT), ROOM], UNDO)]
