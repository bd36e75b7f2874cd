"""What is cached of the dashboard: its numbers from the database, in one value for all viewers."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType

from caching import ALL, Cached
from courses.models import Course, CourseStats
from messaging.models import OutgoingMessage
from monitoring.dashboard import numbers
from monitoring.models import DashboardSum
from monitoring.serializers import NumbersSerializer
from services import subscription_totals
from services.models import Plan, PriceChange, Recalculation, Service
from tasks.models import Task, TaskList

# Tasks become overdue and weeks end by the passing of time, which invalidates nothing.
TTL_SECONDS = 60

dashboard = Cached(
    "v1:dashboard",
    ttl=TTL_SECONDS,
    load=numbers.load,
    shape=NumbersSerializer,
    invalidated_by={
        DashboardSum: ALL,
        Service: ALL,
        Plan: ALL,
        subscription_totals.SOURCE_TABLE: ALL,
        PriceChange: ALL,
        Recalculation: ALL,
        Course: ALL,
        CourseStats: ALL,
        Task: ALL,
        TaskList: ALL,
        OutgoingMessage: ALL,
        LogEntry: ALL,
    },
    lags={
        CourseStats: ["views"],
        get_user_model(): ALL,  # the names of users beside what they did
        ContentType: ALL,
    },
)
