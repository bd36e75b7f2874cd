"""The database's time for each list of the catalogue: ``python -m benchmarks.catalogue``

100,000 courses, of which 5,000 are drafts, on a PostgreSQL of their own. Each statement is run several times
by EXPLAIN ANALYZE; the table shows the shortest time, planning included: what else the machine does is not
the work of the statement.
"""

from __future__ import annotations

import os
from typing import Any

from benchmarks.servers import start_servers

COURSES = 100_000
RUNS = 7
LAST, LAST_OF_CATEGORY, LAST_RATED = 4750, 250, 1900

# Of 500 words of a description each is one of 20, so that most searches match tens of thousands.
FILL = """
INSERT INTO courses_category (name) SELECT 'Category ' || n FROM generate_series(1, 19) AS n;
INSERT INTO courses_course (title, description, is_published, created_at, updated_at, category_id)
SELECT words[1 + n % 20] || ' ' || words[1 + n * 7 % 20] || ' ' || n,
    'Practice course: ' || (
        SELECT string_agg(
            words[1 + (n % 1000 * j * 31 + j * j) % 20] || ' term' || (n % 10000 * j * 19 % 5000), ' ')
        FROM generate_series(1, 25) AS j),
    n % 20 > 0, now() - n % 5000 * interval '1 hour', now(),
    (SELECT min(id) FROM courses_category) + n % 19
FROM generate_series(1, {courses}) AS n,
    (SELECT '{{Python,Django,Rust,Redis,PostgreSQL,Основы,Тестування,Асинхронність,Продвинутый,Анализ,Docker,
        Linux,HTTP,SQL,Query,Plans,Модель,Дані,Сети,Graph}}'::text[] AS words) AS vocabulary;
UPDATE courses_coursestats SET views = course_id * 7919 % 100000, students_count = course_id * 31 % 500,
    rating = course_id * 17 % 501 / 100.0;
"""

PAGES: dict[str, dict[str, Any]] = {
    "first page": {},
    "last page": {"page": LAST},
    "middle page": {"page": LAST // 2},
    "last page by title": {"page": LAST, "order": "title"},
    "last page by created_at": {"page": LAST, "order": "-created_at"},
    "last page by rating": {"page": LAST, "order": "-rating"},
    "last page by views": {"page": LAST, "order": "-views"},
    "category": {"category": True},
    "category, last page": {"category": True, "page": LAST_OF_CATEGORY},
    "category, last page by rating": {"category": True, "page": LAST_OF_CATEGORY, "order": "-rating"},
    "min_rating=3": {"min_rating": 3.0},
    "min_rating=3, last page": {"min_rating": 3.0, "page": LAST_RATED},
    "min_rating=3, last page by rating": {"min_rating": 3.0, "page": LAST_RATED, "order": "-rating"},
    "min_rating=3, last page by title": {"min_rating": 3.0, "page": LAST_RATED, "order": "title"},
    "search: no match": {"search": "zzzz"},
    "search: all match": {"search": "practice"},
    "search: all match, last page": {"search": "practice", "page": 25},
    "search: one letter": {"search": "p"},
    "search: a common word": {"search": "основы"},
    "search: a common word by rating": {"search": "основы", "order": "-rating"},
    "search: a common word by title": {"search": "основы", "order": "title"},
    "search: two common words": {"search": "python django"},
    "search: a rare word": {"search": "term1234"},
    "search: one course": {"search": "python 54321"},
    "search in a category": {"search": "основы", "category": True},
    "search and min_rating=3": {"search": "основы", "min_rating": 3.0},
}


def main() -> None:
    start_servers("catalogue")
    os.environ["DEBUG"] = "1"
    os.environ["DB_STATEMENT_TIMEOUT"] = "0"  # of the statement that adds the courses
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    fill()
    for name, params in PAGES.items():
        print(f"{name:36} {milliseconds(params):6.1f} ms", flush=True)


def fill() -> None:
    """Make the courses, unless an earlier run did."""
    from django.core.management import call_command
    from django.db import connection

    from courses.models import Course

    call_command("migrate", verbosity=0)
    if Course.objects.count() == COURSES:
        return
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE courses_course, courses_category CASCADE")
        for statement in FILL.format(courses=COURSES).split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE courses_course, courses_coursestats, courses_category")


def milliseconds(params: dict[str, Any]) -> float:
    """Return the shortest times of the statements that read a page, summed up."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from courses.models import Category
    from courses.selectors import course_page

    if "category" in params:
        params = {**params, "category": Category.objects.values_list("pk", flat=True)[5]}
    with CaptureQueriesContext(connection) as captured:
        course_page(**{"page": 1, "page_size": 20, "order": None, **params})
    return sum(shortest(query["sql"]) for query in captured if "courses_course" in query["sql"])


def shortest(sql: str) -> float:
    """Return the shortest time of a statement."""
    from django.db import connection

    with connection.cursor() as cursor:
        plans = []
        for _ in range(RUNS):
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            plans.append(cursor.fetchone()[0][0])
    return min(float(plan["Planning Time"]) + float(plan["Execution Time"]) for plan in plans)


if __name__ == "__main__":
    main()
