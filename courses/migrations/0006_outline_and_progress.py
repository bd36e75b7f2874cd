"""Modules and lessons have a place of their own, which a trigger fills in; learners complete lessons.

Places that were equal are numbered by id, as they were shown.
"""

import django.db.models.deletion
from django.db import migrations, models

NUMBER = """
UPDATE {table} SET position = numbered.place
FROM (
    SELECT id, row_number() OVER (PARTITION BY {parent} ORDER BY position, id) AS place FROM {table}
) AS numbered
WHERE numbered.id = {table}.id AND position <> numbered.place;
"""

# 0 (or NULL, from a form's empty field) is the end, or the present place of a row that stays where it is.
PLACE = """
CREATE FUNCTION {table}_place() RETURNS trigger LANGUAGE plpgsql
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
        SELECT COALESCE(max(position), 0) + 1 INTO NEW.position FROM {table} WHERE {parent} = NEW.{parent};
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER place BEFORE INSERT OR UPDATE OF {parent}, position ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_place();
"""

DROP = """
DROP TRIGGER place ON {table};
DROP FUNCTION {table}_place();
"""

CHILDREN = [
    ("module", {"table": "courses_module", "parent": "course_id"}),
    ("lesson", {"table": "courses_lesson", "parent": "module_id"}),
]


def place(model, names):
    """Return the operations that give the rows of a model their places."""
    parent = names["parent"].removesuffix("_id")
    position = models.PositiveIntegerField(blank=True, db_default=0, help_text="Empty: at the end.")
    return [
        migrations.RunSQL(NUMBER.format(**names), migrations.RunSQL.noop),
        migrations.AlterField(model, "position", position),
        migrations.RunSQL(PLACE.format(**names), DROP.format(**names)),
        migrations.RemoveIndex(model, f"{model}_in_{parent}"),
        migrations.AddConstraint(
            model,
            models.UniqueConstraint(
                deferrable=models.Deferrable["DEFERRED"],
                fields=(parent, "position"),
                name=f"{model}_position_key",
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("courses", "0005_names")]

    operations = [
        *(operation for model, names in CHILDREN for operation in place(model, names)),
        migrations.CreateModel(
            name="LessonCompletion",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "enrollment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="completions",
                        to="courses.enrollment",
                    ),
                ),
                (
                    "lesson",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="completions",
                        to="courses.lesson",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("enrollment", "lesson"), name="one_completion_per_lesson")
                ],
            },
        ),
    ]
