"""What is counted about a course moves to a table of its own, whose rows a trigger adds.

The table of the courses is locked while its columns move, so that nothing is counted in between.
"""

from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models

LOCK = "LOCK TABLE courses_course IN ACCESS EXCLUSIVE MODE;"

MOVE = """
INSERT INTO courses_coursestats (course_id, views, students_count, rating)
SELECT id, views, students_count, rating FROM courses_course;
"""

MOVE_BACK = """
UPDATE courses_course AS course
SET views = stats.views, students_count = stats.students_count, rating = stats.rating
FROM courses_coursestats AS stats
WHERE stats.course_id = course.id
AND (stats.views, stats.students_count, stats.rating) <> (0, 0, 0);
"""

# A fixture may bring the statistics before their course: foreign keys are checked at COMMIT.
ADD_ROWS = """
CREATE FUNCTION courses_add_stats() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT  -- pg_restore comes with an empty one
AS $$
BEGIN
    INSERT INTO courses_coursestats (course_id) SELECT id FROM new_rows ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER add_stats AFTER INSERT ON courses_course REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION courses_add_stats();
"""

DROP = """
DROP TRIGGER add_stats ON courses_course;
DROP FUNCTION courses_add_stats();
"""


class Migration(migrations.Migration):
    dependencies = [("courses", "0001_initial")]

    operations = [
        migrations.RunSQL(LOCK, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="CourseStats",
            fields=[
                (
                    "course",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="stats",
                        serialize=False,
                        to="courses.course",
                    ),
                ),
                ("views", models.PositiveBigIntegerField(db_default=0, default=0, editable=False)),
                (
                    "students_count",
                    models.PositiveIntegerField(
                        db_default=0, default=0, editable=False, verbose_name="students"
                    ),
                ),
                (
                    "rating",
                    models.DecimalField(
                        db_default=Decimal("0.00"),
                        decimal_places=2,
                        default=Decimal("0.00"),
                        editable=False,
                        max_digits=3,
                    ),
                ),
            ],
            options={
                "verbose_name": "course statistics",
                "verbose_name_plural": "course statistics",
                "indexes": [
                    models.Index(fields=[field, "course"], name=f"stats_by_{field}")
                    for field in ("views", "students_count", "rating")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rating__gte", 0), ("rating__lte", 5)), name="stats_rating_0_to_5"
                    )
                ],
            },
        ),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.RemoveIndex("course", "course_by_views"),
        migrations.RemoveIndex("course", "course_by_students_count"),
        migrations.RemoveIndex("course", "course_by_rating"),
        migrations.RemoveConstraint("course", "course_rating_0_to_5"),
        migrations.RemoveField("course", "views"),
        migrations.RemoveField("course", "students_count"),
        migrations.RemoveField("course", "rating"),
        migrations.RunSQL(ADD_ROWS, DROP),
        # Going back begins here.
        migrations.RunSQL(migrations.RunSQL.noop, LOCK),
    ]
