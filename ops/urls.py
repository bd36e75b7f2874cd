"""Addresses for operators."""

from django.urls import path

from ops import cache_stats, health, views

urlpatterns = [
    path("", views.index, name="index"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", cache_stats.metrics, name="metrics"),
    path("api/v1/cache/stats/", cache_stats.StatsView.as_view(), name="cache-stats"),
    path("api/v1/cache/keys/", views.KeyListView.as_view(), name="cache-key-list"),
    path("api/v1/cache/keys/<path:key>/", views.KeyDetailView.as_view(), name="cache-key-detail"),
]
