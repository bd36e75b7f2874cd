"""Full text search, and indexes that answer the catalogue's counts and deep pages alone.

Adding the column ``words`` rewrites the table of the courses: about 20 s for 100,000 courses, in which
they can neither be read nor written.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

import courses.search

# Controls, spaces, punctuation and symbols; the Ukrainian apostrophes among them, so that U+0027, U+2019
# and U+02BC are alike. All else is a letter, a mark or a digit to the parser of PostgreSQL, in any locale.
SEPARATORS = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u02b9-\u02ff\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030"
    r"\ufe10-\ufe6f\uff5f-\uff65\ufff0-\uffff]+"
)
# lower() knows these only where the locale of the database does.
UPPER = "АБВГҐДЕЁЄЖЗИІЇЙКЛМНОПРСТУЎФХЦЧШЩЪЫЬЭЮЯё"
LOWER = "абвгґдееєжзиіїйклмнопрстуўфхцчшщъыьэюяе"

# Bodies that are parsed now: pg_restore comes with an empty search_path.
FUNCTIONS = f"""
CREATE FUNCTION courses_search_text(text text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN btrim(regexp_replace(
    lower(translate(normalize(text, NFKC), '{UPPER}', '{LOWER}')), '{SEPARATORS}', ' ', 'g'));

CREATE FUNCTION courses_search_vector(title text, description text) RETURNS tsvector
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN setweight(to_tsvector('simple'::regconfig, courses_search_text(title)), 'A')
    || setweight(to_tsvector('simple'::regconfig, courses_search_text(left(description, 50000))), 'B');

CREATE FUNCTION courses_search_query(text text) RETURNS tsquery IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN CASE WHEN courses_search_text(text) = '' THEN ''::tsquery ELSE
    to_tsquery('simple'::regconfig, replace(left(courses_search_text(text), 200), ' ', ':* & ') || ':*') END;
"""

DROP_FUNCTIONS = """
DROP FUNCTION courses_search_query(text);
DROP FUNCTION courses_search_vector(text, text);
DROP FUNCTION courses_search_text(text);
"""

LOCK = "LOCK TABLE courses_course IN SHARE ROW EXCLUSIVE MODE;"

COPY_PUBLISHED = """
UPDATE courses_coursestats AS stats SET is_published = true
FROM courses_course AS course WHERE course.id = stats.course_id AND course.is_published;
"""

FOLLOW_PUBLISHED = """
CREATE OR REPLACE FUNCTION courses_add_stats() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT  -- pg_restore comes with an empty one
AS $$
BEGIN
    INSERT INTO courses_coursestats (course_id, is_published) SELECT id, is_published FROM new_rows
    ON CONFLICT (course_id) DO UPDATE SET is_published = excluded.is_published;
    RETURN NULL;
END $$;

CREATE FUNCTION courses_publish_stats() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE courses_coursestats SET is_published = NEW.is_published WHERE course_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER publish_stats AFTER UPDATE OF is_published ON courses_course FOR EACH ROW
WHEN (OLD.is_published <> NEW.is_published) EXECUTE FUNCTION courses_publish_stats();
"""

FOLLOW_NO_MORE = """
DROP TRIGGER publish_stats ON courses_course;
DROP FUNCTION courses_publish_stats();

CREATE OR REPLACE FUNCTION courses_add_stats() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO courses_coursestats (course_id) SELECT id FROM new_rows ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
"""

COUNTED = ("views", "students_count", "rating")
PUBLISHED = models.Q(("is_published", True))


class Migration(migrations.Migration):
    dependencies = [("courses", "0006_outline_and_progress")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.AddField(
            "course",
            "words",
            models.GeneratedField(
                db_persist=True,
                expression=models.Func("title", "description", function="courses_search_vector"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
                serialize=False,
            ),
        ),
        migrations.AddIndex(
            "course", django.contrib.postgres.indexes.GinIndex(fields=["words"], name="course_words")
        ),
        migrations.AddIndex(
            "course",
            django.contrib.postgres.indexes.GinIndex(courses.search.TitleWords(), name="course_title_words"),
        ),
        migrations.AddIndex("course", models.Index(condition=PUBLISHED, fields=["id"], name="course_published")),
        migrations.AddIndex(
            "course",
            models.Index(condition=PUBLISHED, fields=["category", "id"], name="course_in_category"),
        ),
        migrations.RunSQL(LOCK, migrations.RunSQL.noop),
        *(migrations.RemoveIndex("coursestats", f"stats_by_{field}") for field in COUNTED),
        migrations.AddField(
            "coursestats",
            "is_published",
            models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunSQL(COPY_PUBLISHED, migrations.RunSQL.noop),
        *(
            migrations.AddIndex(
                "coursestats",
                models.Index(fields=[field, "course"], include=("is_published",), name=f"stats_by_{field}"),
            )
            for field in COUNTED
        ),
        migrations.RunSQL(FOLLOW_PUBLISHED, FOLLOW_NO_MORE),
    ]
