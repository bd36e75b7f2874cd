"""What of the catalogue is cached: key, time, load, and what changes it. Drafts never are."""

from __future__ import annotations

from django.conf import settings

from caching import ALL, Cached, CachedFamily
from courses import selectors
from courses.models import Category, Course, CourseStats, Lesson, Module

# Views are counted by the minute and shown as they were when the value was stored.
LAGS = {CourseStats: ["views"]}

course_detail = Cached(
    "v1:courses:detail:{pk}",
    ttl=300,
    load=selectors.course_detail,
    invalidated_by={
        Course: "pk",
        CourseStats: "pk",
        Category: "courses__pk",
        Module: "course_id",
        Lesson: "module__course_id",
    },
    lags=LAGS,
)
top_courses = Cached(
    "v1:courses:top:{limit}:{order}",
    ttl=60,
    load=selectors.top_courses,
    invalidated_by={Course: ALL, CourseStats: ALL, Category: ALL},
    lags=LAGS,
)
course_pages = CachedFamily(
    "v1:courses:list",
    ttl=settings.CACHE_TTL,
    load=selectors.course_page,
    invalidated_by={Course: ALL, CourseStats: ALL, Category: ALL},
    lags=LAGS,
)
categories = Cached(
    "v1:categories",
    ttl=settings.CACHE_TTL,
    load=selectors.category_list,
    invalidated_by={Category: ALL},
)
