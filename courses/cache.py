"""What of the catalogue is cached: key, time, load, and what changes it. Drafts never are."""

from __future__ import annotations

from django.conf import settings

from caching import ALL, Cached, CachedFamily
from courses import selectors
from courses.models import Category, Course, Lesson, Module

course_detail = Cached(
    "v1:courses:detail:{pk}",
    ttl=300,
    load=selectors.course_detail,
    invalidated_by={
        Course: "pk",
        Category: "courses__pk",
        Module: "course_id",
        Lesson: "module__course_id",
    },
)
top_courses = Cached(
    "v1:courses:top:{limit}:{order}",
    ttl=60,
    load=selectors.top_courses,
    invalidated_by={Course: ALL, Category: ALL},
)
course_pages = CachedFamily(
    "v1:courses:list",
    ttl=settings.CACHE_TTL,
    load=selectors.course_page,
    invalidated_by={Course: ALL, Category: ALL},
)
categories = Cached(
    "v1:categories",
    ttl=settings.CACHE_TTL,
    load=selectors.category_list,
    invalidated_by={Category: ALL},
)
