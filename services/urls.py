"""Addresses under /api/v1/, and the source's own under /api/."""

from django.urls import path

from services.views import prices, subscriptions

urlpatterns = [
    path("subscriptions/", subscriptions.SubscriptionList.as_view(), name="subscription-list"),
    path("subscriptions/<int:pk>/", subscriptions.SubscriptionDetail.as_view(), name="subscription-detail"),
    path("services/", prices.ServiceList.as_view(), name="service-list"),
    path("services/<int:pk>/", prices.ServiceDetail.as_view(), name="service-detail"),
    path("plans/", prices.PlanList.as_view(), name="plan-list"),
    path("plans/<int:pk>/", prices.PlanDetail.as_view(), name="plan-detail"),
    path("recalculations/", prices.RecalculationList.as_view(), name="recalculation-list"),
]
source_urlpatterns = [
    path("subscriptions/", subscriptions.SourceSubscriptionList.as_view()),
    path("subscriptions/<int:pk>/", subscriptions.SourceSubscriptionDetail.as_view()),
]
