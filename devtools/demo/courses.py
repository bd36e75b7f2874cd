"""A catalogue with modules, lessons, enrolments and reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from courses.models import Category, Course, CourseStats, Enrollment, Lesson, Module, Review
from courses.statistics import refresh_statistics
from devtools.demo import users
from devtools.demo.plan import spread_over

if TYPE_CHECKING:
    from random import Random

    from django.contrib.auth.models import User

    from devtools.demo.plan import Plan

COURSES = {"small": 20, "large": 1_000}  # small: all on the first page of the list
SUBJECTS = {
    "Programming": ("Python", "Go", "Rust", "TypeScript", "Algorithms"),
    "Web": ("Django", "HTTP", "REST APIs", "Accessibility", "Web Components"),
    "Databases": ("PostgreSQL", "Redis", "SQL", "Data Modelling", "Query Plans"),
    "DevOps": ("Docker", "Kubernetes", "Linux", "Observability", "Continuous Delivery"),
    "Data": ("Statistics", "pandas", "Machine Learning", "Data Visualisation", "Spreadsheets"),
}
# Subjects of all categories in turn, so that every page of the list shows several categories.
ALL_SUBJECTS = [
    (name, subject)
    for row in zip(*SUBJECTS.values(), strict=True)
    for name, subject in zip(SUBJECTS, row, strict=True)
]
TITLES = ("{} from Scratch", "{} in Practice", "Advanced {}", "{} for Teams", "{} Explained", "Testing {}")
PARTS = (
    "First Steps",
    "The Core Ideas",
    "Everyday Tasks",
    "Under the Hood",
    "In Production",
    "Final Project",
)
OPINIONS = {
    1: "Not what I had hoped for.",
    2: "Some good parts, but hard to follow.",
    3: "Solid, if a little slow.",
    4: "Clear and useful.",
    5: "The best course that I have taken.",
}
DRAFT_EVERY = 12
MAX_STUDENTS_PER_COURSE = 80
REVIEWED_SHARE = 0.4
HISTORY_DAYS = 182


def fill(plan: Plan) -> int:
    categories = _categories()
    learners = users.students()
    added = 0
    for numbers in plan.missing("courses", Course.objects.count(), COURSES[plan.size]):
        rng = {number: plan.seeded_random("course", number) for number in numbers}
        courses = Course.objects.bulk_create(_course(number, categories) for number in numbers)
        taught = list(zip(courses, rng.values(), strict=True))
        _fill_views(taught)
        _fill_outlines(taught)
        _fill_audience(taught, learners)
        refresh_statistics([course.pk for course in courses])
        added += len(courses)
    return added


def _categories() -> dict[str, Category]:
    return {name: Category.objects.get_or_create(name=name)[0] for name in SUBJECTS}


def title_of(number: int) -> str:
    """Return the title of a course, which no other number has. Neighbours differ in subject and pattern."""
    part, place = divmod(number - 1, len(TITLES) * len(ALL_SUBJECTS))
    turn, index = divmod(place, len(ALL_SUBJECTS))
    title = TITLES[(index + turn) % len(TITLES)].format(ALL_SUBJECTS[index][1])
    return f"{title}, Part {part + 1}" if part else title


def _course(number: int, categories: dict[str, Category]) -> Course:
    category, subject = ALL_SUBJECTS[(number - 1) % len(ALL_SUBJECTS)]
    return Course(
        title=title_of(number),
        description=f"What to know about {subject}, with examples to try at every step.",
        category=categories[category],
        is_published=number % DRAFT_EVERY != 0,
    )


def _fill_views(taught: list[tuple[Course, Random]]) -> None:
    CourseStats.objects.bulk_update(
        [CourseStats(course=course, views=int(rng.paretovariate(1) * 20)) for course, rng in taught],
        ["views"],
    )


def _fill_outlines(taught: list[tuple[Course, Random]]) -> None:
    modules = Module.objects.bulk_create(
        Module(course=course, title=part, position=position, description=f"{part}: overview.")
        for course, rng in taught
        for position, part in enumerate(PARTS[: rng.randint(2, len(PARTS))], start=1)
    )
    Lesson.objects.bulk_create(
        (
            Lesson(
                module=module,
                title=f"Lesson {module.position}.{position}",
                content=f"{module.course.title}, {module.title.lower()}: read, then try it yourself.",
                position=position,
            )
            for module in modules
            for position in range(1, 3 + (module.position * 7 + module.course.pk) % 4)
        ),
        batch_size=1_000,
    )


def _fill_audience(taught: list[tuple[Course, Random]], learners: list[User]) -> None:
    enrollments: list[Enrollment] = []
    reviews: list[Review] = []
    for course, rng in taught:
        if not course.is_published:
            continue
        most = min(MAX_STUDENTS_PER_COURSE, len(learners))
        for user in rng.sample(learners, rng.randint(0, most)):
            enrollments.append(Enrollment(user=user, course=course))
            if rng.random() < REVIEWED_SHARE:
                rating = rng.choices(range(1, 6), weights=(1, 2, 4, 8, 6))[0]
                reviews.append(Review(user=user, course=course, rating=rating, text=OPINIONS[rating]))
    added = Enrollment.objects.bulk_create(enrollments, batch_size=1_000)
    Enrollment.objects.filter(pk__in=[row.pk for row in added]).update(created_at=spread_over(HISTORY_DAYS))
    Review.objects.bulk_create(reviews, batch_size=1_000)
