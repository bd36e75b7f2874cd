"""Addresses under /api/v1/."""

from django.urls import path

from clients import views

urlpatterns = [
    path("clients/", views.ClientList.as_view(), name="client-list"),
    path("clients/<int:pk>/", views.ClientDetail.as_view(), name="client-detail"),
]
