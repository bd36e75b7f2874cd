"""The database keeps the prices right: its triggers see every write, whatever makes it.

They cost nothing that grows: a change of a service or a plan adds one to a number in its own row.
"""

from django.db import migrations

# Half up: PostgreSQL rounds numerics half away from zero, and prices are not negative. Multiplied by
# 0.01 rather than divided by 100, so that no digit is lost before the one rounding.
PRICE = """
CREATE FUNCTION services_price(full_price numeric, discount_percent numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT round(full_price - full_price * discount_percent * 0.01, 2) $$;
"""

# A row's revision only grows. An instance that was loaded before another's change and is saved after
# it brings back an old number: it counts as one more change. A greater one passes: it asks for a
# recalculation though nothing has changed.
REVISIONS = """
CREATE FUNCTION services_revise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := greatest(NEW.revision, OLD.revision + 1);
    RETURN NEW;
END $$;

CREATE TRIGGER revise BEFORE UPDATE ON services_service FOR EACH ROW
WHEN (NEW.full_price <> OLD.full_price OR NEW.revision < OLD.revision)
EXECUTE FUNCTION services_revise();

CREATE TRIGGER revise BEFORE UPDATE ON services_plan FOR EACH ROW
WHEN (NEW.discount_percent <> OLD.discount_percent OR NEW.revision < OLD.revision)
EXECUTE FUNCTION services_revise();
"""

# A service or plan that is not there (yet: foreign keys are checked at COMMIT) leaves revision 0,
# which is older than any.
SUBSCRIPTIONS = """
CREATE FUNCTION services_price_subscription() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT  -- a data-only pg_restore comes with an empty one
AS $$
BEGIN
    SELECT services_price(service.full_price, plan.discount_percent),
           service.revision, plan.revision, clock_timestamp()
    INTO NEW.price, NEW.service_revision, NEW.plan_revision, NEW.priced_at
    FROM services_service AS service, services_plan AS plan
    WHERE service.id = NEW.service_id AND plan.id = NEW.plan_id;
    IF NOT FOUND THEN
        NEW.price := 0;
        NEW.service_revision := 0;
        NEW.plan_revision := 0;
        NEW.priced_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER price_new BEFORE INSERT ON services_subscription FOR EACH ROW
EXECUTE FUNCTION services_price_subscription();

-- Moved to another service or plan; or the statement writes a price that is older than the row's, or
-- one that no recalculation has computed.
CREATE TRIGGER price_moved BEFORE UPDATE ON services_subscription FOR EACH ROW
WHEN (NEW.service_id <> OLD.service_id
      OR NEW.plan_id <> OLD.plan_id
      OR NEW.service_revision < OLD.service_revision
      OR NEW.plan_revision < OLD.plan_revision
      OR (NEW.service_revision = OLD.service_revision
          AND NEW.plan_revision = OLD.plan_revision
          AND (NEW.price <> OLD.price OR NEW.priced_at <> OLD.priced_at)))
EXECUTE FUNCTION services_price_subscription();
"""

UNDO = """
DROP TRIGGER price_moved ON services_subscription;
DROP TRIGGER price_new ON services_subscription;
DROP FUNCTION services_price_subscription();
DROP TRIGGER revise ON services_plan;
DROP TRIGGER revise ON services_service;
DROP FUNCTION services_revise();
DROP FUNCTION services_price(numeric, numeric);
"""


class Migration(migrations.Migration):
    dependencies = [("services", "0001_initial")]

    operations = [migrations.RunSQL([PRICE, REVISIONS, SUBSCRIPTIONS], UNDO)]
