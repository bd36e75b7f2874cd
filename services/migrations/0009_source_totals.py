"""The number of subscriptions and the sum of their prices for each service and plan, kept as all of them are.

In a table of its own: the previous release adds up the rows of services_tally to one.
"""

from django.db import migrations

# No statement changes a subscription before the end of the migration.
TABLE = """
LOCK TABLE services_subscription IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE services_source_totals (
    service_id bigint NOT NULL, plan_id bigint NOT NULL, count bigint NOT NULL, amount numeric NOT NULL
);
"""

FUNCTIONS = """
CREATE OR REPLACE FUNCTION services_tally_insert() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO services_source_totals
    SELECT service_id, plan_id, count(*), sum(price) FROM new_rows GROUP BY service_id, plan_id;
    INSERT INTO services_tally SELECT count(*), sum(price) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION services_tally_update() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    WITH changed AS (
        INSERT INTO services_source_totals
        SELECT service_id, plan_id, sum(number), sum(price)
        FROM (
            SELECT service_id, plan_id, 1 AS number, price FROM new_rows
            UNION ALL SELECT service_id, plan_id, -1, -price FROM old_rows
        ) AS rows
        GROUP BY service_id, plan_id HAVING sum(number) <> 0 OR sum(price) <> 0
        RETURNING amount
    )
    INSERT INTO services_tally SELECT 0, sum(amount) FROM changed HAVING sum(amount) <> 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION services_tally_delete() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO services_source_totals
    SELECT service_id, plan_id, -count(*), -sum(price) FROM old_rows GROUP BY service_id, plan_id;
    INSERT INTO services_tally SELECT -count(*), -sum(price) FROM old_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION services_tally_truncate() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM services_source_totals;
    DELETE FROM services_tally;
    RETURN NULL;
END $$;
"""

PRESENT = """
INSERT INTO services_source_totals
SELECT service_id, plan_id, count(*), sum(price) FROM services_subscription GROUP BY service_id, plan_id;
"""

UNDO = """
CREATE OR REPLACE FUNCTION services_tally_insert() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO services_tally SELECT count(*), sum(price) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION services_tally_update() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO services_tally
    SELECT 0, sum(price) FROM (SELECT price FROM new_rows UNION ALL SELECT -price FROM old_rows) AS changed
    HAVING sum(price) <> 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION services_tally_delete() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO services_tally SELECT -count(*), -sum(price) FROM old_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION services_tally_truncate() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM services_tally;
    RETURN NULL;
END $$;

DROP TABLE services_source_totals;
"""


class Migration(migrations.Migration):
    dependencies = [("services", "0008_price_history")]

    operations = [migrations.RunSQL([TABLE, FUNCTIONS, PRESENT], UNDO)]
