"""Addresses of the page, under /topics/."""

from django.urls import path

from topics import views

app_name = "topics"
urlpatterns = [
    path("", views.topics_view, name="list"),
    path("create/", views.create_topic_view, name="create"),
    path("subscribe/<int:pk>/", views.subscribe_view, name="subscribe"),
    path("unsubscribe/<int:pk>/", views.unsubscribe_view, name="unsubscribe"),
    path("delete/<int:pk>/", views.delete_topic_view, name="delete"),
]
