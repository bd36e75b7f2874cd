"""URLs for operators."""

from django.urls import path
from django.views.generic import TemplateView

from monitoring.views import cache_keys, cache_stats, health

urlpatterns = [
    path("", TemplateView.as_view(template_name="monitoring/index.html"), name="index"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", cache_stats.metrics, name="metrics"),
    path("api/v1/cache/stats/", cache_stats.StatsView.as_view(), name="cache-stats"),
    path("api/v1/cache/keys/", cache_keys.KeyListView.as_view(), name="cache-key-list"),
    path("api/v1/cache/keys/<path:key>/", cache_keys.KeyDetailView.as_view(), name="cache-key-detail"),
]
