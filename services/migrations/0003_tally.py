"""The number of subscriptions and the sum of their prices, kept while they change.

Adding up a million rows takes a tenth of a second, and every change would ask for it again. So
each statement leaves one row that says by how much it changed the two: writers never wait for each
other, as they would for one row that holds the sum, and the sum of the few rows is exact at any moment.

A table without a model: what dumpdata and loaddata copy must not count twice.
"""

from django.db import migrations

TABLE = """
CREATE TABLE services_tally (count bigint NOT NULL, amount numeric NOT NULL);
"""

FUNCTIONS = """
CREATE FUNCTION services_tally_insert() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO services_tally SELECT count(*), sum(price) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION services_tally_update() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO services_tally
    SELECT 0, sum(price) FROM (SELECT price FROM new_rows UNION ALL SELECT -price FROM old_rows) AS changed
    HAVING sum(price) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION services_tally_delete() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO services_tally SELECT -count(*), -sum(price) FROM old_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE FUNCTION services_tally_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM services_tally;
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER tally_insert AFTER INSERT ON services_subscription
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION services_tally_insert();

CREATE TRIGGER tally_update AFTER UPDATE ON services_subscription
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION services_tally_update();

CREATE TRIGGER tally_delete AFTER DELETE ON services_subscription
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION services_tally_delete();

CREATE TRIGGER tally_truncate AFTER TRUNCATE ON services_subscription
FOR EACH STATEMENT EXECUTE FUNCTION services_tally_truncate();
"""

PRESENT = """
INSERT INTO services_tally SELECT count(*), sum(price) FROM services_subscription HAVING count(*) > 0;
"""

UNDO = """
DROP TRIGGER tally_truncate ON services_subscription;
DROP TRIGGER tally_delete ON services_subscription;
DROP TRIGGER tally_update ON services_subscription;
DROP TRIGGER tally_insert ON services_subscription;
DROP FUNCTION services_tally_truncate();
DROP FUNCTION services_tally_delete();
DROP FUNCTION services_tally_update();
DROP FUNCTION services_tally_insert();
DROP TABLE services_tally;
"""


class Migration(migrations.Migration):
    dependencies = [("services", "0002_prices")]

    operations = [migrations.RunSQL([TABLE, FUNCTIONS, TRIGGERS, PRESENT], UNDO)]
