"""Addresses under /api/v1/, and the source's own under /api/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from services.history_views import (
    PlanDiscountViewSet,
    PlanHistoryViewSet,
    ServiceHistoryViewSet,
    ServicePriceViewSet,
)
from services.views import PlanViewSet, RecalculationViewSet, ServiceViewSet, SubscriptionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("subscriptions", SubscriptionViewSet)
router.register("services", ServiceViewSet)
router.register("plans", PlanViewSet)
router.register("services/<int:service_id>/history", ServiceHistoryViewSet, basename="service-history")
router.register("services/<int:service_id>/prices", ServicePriceViewSet, basename="service-price")
router.register("plans/<int:plan_id>/history", PlanHistoryViewSet, basename="plan-history")
router.register("plans/<int:plan_id>/discounts", PlanDiscountViewSet, basename="plan-discount")
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
