"""Addresses of the documentation."""

from django.urls import path
from drf_spectacular.views import SpectacularSwaggerView

from api.views import SchemaView

urlpatterns = [
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(), name="docs"),
]
