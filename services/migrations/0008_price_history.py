"""Every change of a price or discount, and every move of a subscription, is recorded by the database.

So ``update()``, ``bulk_update()`` and SQL are in the history, too. A price that a schedule has brought is
recorded already: its row became the latest that is applied before the service was updated. A change by
another way applies what has become due first, because it came later.

A row's moment is never before that of the latest: the order of the moments is that of the changes, which
the lock of the service's row determines, even if the clock is set back.
"""

from django.db import migrations

RECORD = """
CREATE FUNCTION services_record_{source}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    latest services_pricechange;
BEGIN
    SELECT * INTO latest FROM services_pricechange
    WHERE {source}_id = NEW.id AND applied_at IS NOT NULL ORDER BY effective_from DESC LIMIT 1;
    IF latest.value = NEW.{value} AND TG_OP = 'UPDATE' THEN
        RETURN NULL;
    END IF;
    UPDATE services_pricechange SET applied_at = moment
    WHERE {source}_id = NEW.id AND applied_at IS NULL AND effective_from <= moment;
    INSERT INTO services_pricechange ({source}_id, value, effective_from, applied_at)
    SELECT NEW.id, NEW.{value}, greatest(moment, max(effective_from) + interval '1 microsecond'), moment
    FROM services_pricechange WHERE {source}_id = NEW.id AND applied_at IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER record_new AFTER INSERT ON services_{source} FOR EACH ROW
EXECUTE FUNCTION services_record_{source}();

CREATE TRIGGER record_changed AFTER UPDATE ON services_{source} FOR EACH ROW
WHEN (NEW.{value} <> OLD.{value})
EXECUTE FUNCTION services_record_{source}();

CREATE FUNCTION services_unschedule_{source}() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM services_pricechange WHERE {source}_id = OLD.id AND applied_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER unschedule AFTER DELETE ON services_{source} FOR EACH ROW
EXECUTE FUNCTION services_unschedule_{source}();

INSERT INTO services_pricechange ({source}_id, value, effective_from, applied_at, via)
SELECT id, {value}, clock_timestamp(), clock_timestamp(), 'the beginning of the history' FROM services_{source};
"""

UNDO_RECORD = """
DROP TRIGGER unschedule ON services_{source};
DROP FUNCTION services_unschedule_{source}();
DROP TRIGGER record_changed ON services_{source};
DROP TRIGGER record_new ON services_{source};
DROP FUNCTION services_record_{source}();
"""

MOVES = """
CREATE FUNCTION services_record_move() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO services_subscriptionmove (subscription_id, service_id, plan_id, moved_at)
    SELECT OLD.id, OLD.service_id, OLD.plan_id,
           greatest(clock_timestamp(), max(moved_at) + interval '1 microsecond')
    FROM services_subscriptionmove WHERE subscription_id = OLD.id;
    RETURN NULL;
END $$;

CREATE TRIGGER record_move AFTER UPDATE ON services_subscription FOR EACH ROW
WHEN (NEW.service_id <> OLD.service_id OR NEW.plan_id <> OLD.plan_id)
EXECUTE FUNCTION services_record_move();

CREATE FUNCTION services_delete_moves() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM services_subscriptionmove WHERE subscription_id IN (SELECT id FROM old_rows);
    RETURN NULL;
END $$;

CREATE TRIGGER delete_moves AFTER DELETE ON services_subscription
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION services_delete_moves();
"""

UNDO_MOVES = """
DROP TRIGGER delete_moves ON services_subscription;
DROP FUNCTION services_delete_moves();
DROP TRIGGER record_move ON services_subscription;
DROP FUNCTION services_record_move();
"""

SOURCES = ({"source": "service", "value": "full_price"}, {"source": "plan", "value": "discount_percent"})


class Migration(migrations.Migration):
    dependencies = [("services", "0007_price_changes")]

    operations = [
        *(migrations.RunSQL(RECORD.format(**names), UNDO_RECORD.format(**names)) for names in SOURCES),
        migrations.RunSQL(MOVES, UNDO_MOVES),
    ]
