"""Addresses under /api/v1/, and the source's own under /api/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from services.views import PlanViewSet, RecalculationViewSet, ServiceViewSet, SubscriptionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("subscriptions", SubscriptionViewSet)
router.register("services", ServiceViewSet)
router.register("plans", PlanViewSet)
router.register("recalculations", RecalculationViewSet)
urlpatterns = router.urls

# The schema describes them once, under /api/v1/.
source_urlpatterns = [
    path("subscriptions/", SubscriptionViewSet.as_view({"get": "list", "post": "create"}, schema=None)),
    path(
        "subscriptions/<int:pk>/",
        SubscriptionViewSet.as_view(
            {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}, schema=None
        ),
    ),
]
