"""Addresses of the index and the documentation."""

from django.urls import path

from api.documentation import DocsView, IndexView, SchemaView

urlpatterns = [
    path("api/v1/", IndexView.as_view(), name="api-index"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", DocsView.as_view(), name="docs"),
]
