"""What of the catalogue is cached, under which key and for how long. Drafts never are."""

from __future__ import annotations

from django.conf import settings

from caching import Cached, CachedFamily, Reading
from caching.reading import encode
from courses import selectors
from courses.models import Category, Course, CourseStats, Lesson, Module

course_detail = Cached(
    "v1:courses:detail:{pk}",
    ttl=300,
    load=selectors.course_detail,
    depends_on=[Course, CourseStats, Category, Module, Lesson],
)
top_courses = Cached(
    "v1:courses:top:{limit}:{order}",
    ttl=60,
    load=selectors.top_courses,
    depends_on=[Course, CourseStats, Category],
)
course_pages = CachedFamily(
    "v1:courses:list",
    ttl=settings.CACHE_TTL,
    load=selectors.course_page,
    depends_on=[Course, CourseStats, Category],
)
categories = Cached(
    "v1:categories",
    ttl=settings.CACHE_TTL,
    load=selectors.category_list,
    depends_on=[Category],
)


def past_the_cache(value: object) -> Reading:
    """``value`` as a reading that was neither looked up nor stored: it may hold drafts."""
    return Reading(encode(value), "BYPASS", "fwd=bypass; detail=drafts")
