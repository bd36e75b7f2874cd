"""What is cached of the catalogue: key, TTL, load, and what invalidates it. Drafts are never cached."""

from __future__ import annotations

from django.conf import settings

from caching import ALL, Cached, CachedFamily
from courses import selectors
from courses.models import Category, Course, CourseStats, Lesson, Module
from courses.serializers import CategorySerializer, CourseDetailSerializer, CourseSummarySerializer

# Views are counted by the minute and shown as they were when the value was stored.
LAGS = {CourseStats: ["views"]}

course_detail = Cached(
    "v1:courses:detail:{pk}",
    ttl=300,
    load=selectors.course_detail,
    shape=CourseDetailSerializer,
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
    shape=CourseSummarySerializer,
    invalidated_by={Course: ALL, CourseStats: ALL, Category: ALL},
    lags=LAGS,
)
course_pages = CachedFamily(
    "v1:courses:list",
    ttl=settings.CACHE_TTL,
    load=selectors.course_page,
    shape=CourseSummarySerializer,
    invalidated_by={Course: ALL, CourseStats: ALL, Category: ALL},
    lags=LAGS,
)
categories = Cached(
    "v1:categories",
    ttl=settings.CACHE_TTL,
    load=selectors.category_list,
    shape=CategorySerializer,
    invalidated_by={Category: ALL},
)
