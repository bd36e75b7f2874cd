"""Addresses under /api/v1/."""

from django.urls import path

from topics import api_views

urlpatterns = [
    path("topics/", api_views.TopicList.as_view(), name="topic-list"),
    path("topics/activities/", api_views.ActivityList.as_view(), name="topic-activities"),
    path("topics/<int:pk>/", api_views.TopicDetail.as_view(), name="topic-detail"),
    path("topics/<int:pk>/subscribe/", api_views.Subscribing.as_view(), name="topic-subscribe"),
    path("topics/<int:pk>/unsubscribe/", api_views.Unsubscribing.as_view(), name="topic-unsubscribe"),
    path("topics/<int:pk>/activities/", api_views.ActivityOfTopic.as_view(), name="topic-activities-of"),
]
