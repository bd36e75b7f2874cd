"""A catalogue with modules, lessons, enrolments, progress and reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from courses.models import (
    Category,
    Course,
    CourseStats,
    Enrollment,
    Lesson,
    LessonCompletion,
    Module,
    Review,
)
from courses.statistics import refresh_statistics
from devtools.demo import users

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
STARTED_SHARE = 0.5


def fill(plan: Plan) -> int:
    categories = _categories()
    learners = users.students()
    added = 0
    for numbers in plan.missing("courses", Course.objects.count(), COURSES[plan.size]):
        rng = {number: plan.seeded_random("course", number) for number in numbers}
        courses = Course.objects.bulk_create(_course(n, rng[n], categories) for n in numbers)
        taught = list(zip(courses, rng.values(), strict=True))
        _fill_views(taught)
        _fill_outlines(taught)
        _fill_audience(taught, learners)
        refresh_statistics([course.pk for course in courses])
        added += len(courses)
    _fill_progress(plan)
    return added


def _categories() -> list[Category]:
    return [Category.objects.get_or_create(name=name)[0] for name in SUBJECTS]


def _course(number: int, rng: Random, categories: list[Category]) -> Course:
    category = rng.choice(categories)
    subject = rng.choice(SUBJECTS[category.name])
    return Course(
        title=rng.choice(TITLES).format(subject),
        description=f"What to know about {subject}, with examples to try at every step.",
        category=category,
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
    Enrollment.objects.bulk_create(enrollments, batch_size=1_000)
    Review.objects.bulk_create(reviews, batch_size=1_000)


def _fill_progress(plan: Plan) -> None:
    """Let half of the learners have completed the first lessons, unless there is some progress already."""
    if LessonCompletion.objects.exists():
        return
    lessons: dict[int, list[int]] = {}
    in_order = Lesson.objects.order_by("module__course", "module__position", "position")
    for course, lesson in in_order.values_list("module__course", "pk"):
        lessons.setdefault(course, []).append(lesson)
    completions = []
    for enrollment, course in Enrollment.objects.order_by("pk").values_list("pk", "course"):
        rng = plan.seeded_random("progress", enrollment)
        if course in lessons and rng.random() < STARTED_SHARE:
            done = lessons[course][: rng.randint(1, len(lessons[course]))]
            completions += [LessonCompletion(enrollment_id=enrollment, lesson_id=lesson) for lesson in done]
    LessonCompletion.objects.bulk_create(completions, batch_size=1_000)
