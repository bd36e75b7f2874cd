"""URLs for operators."""

from django.urls import path

from monitoring.views import cache_keys, cache_stats, dashboard, health, metrics

key_list = cache_keys.CacheKeyViewSet.as_view({"get": "index"})
key_detail = cache_keys.CacheKeyViewSet.as_view({"get": "retrieve", "delete": "destroy"})

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/dashboard/", dashboard.DashboardView.as_view(), name="dashboard"),
    path("api/v1/cache/stats/", cache_stats.StatsView.as_view(), name="cache-stats"),
    path("api/v1/cache/keys/", key_list, name="cache-key-list"),
    path("api/v1/cache/keys/<path:key>/", key_detail, name="cache-key-detail"),
]
