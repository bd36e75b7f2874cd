"""Places have a greatest number, and a parent gives its places to one transaction at a time."""

from importlib import import_module

import django.core.validators
from django.db import migrations, models

CHILDREN = import_module("courses.migrations.0006_outline_and_progress").CHILDREN
MAXIMUM = 1_000_000

# The places of a parent with a greater one are numbered from 1, in their order.
NUMBER = """
UPDATE {table} SET position = numbered.place
FROM (
    SELECT id, row_number() OVER (PARTITION BY {parent} ORDER BY position, id) AS place FROM {table}
    WHERE {parent} IN (SELECT {parent} FROM {table} WHERE position > 1000000)
) AS numbered
WHERE numbered.id = {table}.id AND position <> numbered.place;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""

# As in 0006. LOCK is new: of two transactions that add to one parent, the second waits for the place of the first.
PLACE = """
CREATE OR REPLACE FUNCTION {table}_place() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT  -- pg_restore comes with an empty one
AS $$
DECLARE
    moves boolean := TG_OP = 'INSERT';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        moves := NEW.{parent} <> OLD.{parent};
        IF NOT moves AND COALESCE(NEW.position, 0) = 0 THEN
            NEW.position := OLD.position;
        ELSIF moves AND NEW.position = OLD.position THEN
            NEW.position := 0;
        END IF;
    END IF;
    IF moves AND COALESCE(NEW.position, 0) = 0 THEN
        {lock}
        SELECT COALESCE(max(position), 0) + 1 INTO NEW.position FROM {table} WHERE {parent} = NEW.{parent};
    END IF;
    RETURN NEW;
END $$;
"""
LOCK = "PERFORM 1 FROM {parents} WHERE id = NEW.{parent} FOR NO KEY UPDATE;"


def place(model, names):
    """Return the operations for the places of a model."""
    parents = {"course_id": "courses_course", "module_id": "courses_module"}[names["parent"]]
    lock = LOCK.format(parents=parents, **names)
    field = models.PositiveIntegerField(
        blank=True,
        db_default=0,
        help_text="Empty: at the end.",
        validators=[django.core.validators.MaxValueValidator(MAXIMUM)],
    )
    limit = models.CheckConstraint(
        condition=models.Q(position__lte=MAXIMUM), name=f"{model}_position_at_most_1000000"
    )
    return [
        migrations.RunSQL(NUMBER.format(**names), migrations.RunSQL.noop),
        migrations.RunSQL(PLACE.format(lock=lock, **names), PLACE.format(lock="", **names)),
        migrations.AlterField(model, "position", field),
        migrations.AddConstraint(model, limit),
    ]


class Migration(migrations.Migration):
    dependencies = [("courses", "0007_search")]

    operations = [operation for model, names in CHILDREN for operation in place(model, names)]
