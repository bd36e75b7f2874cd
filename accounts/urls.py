"""Addresses under /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts.views.auth import AuthViewSet
from accounts.views.tokens import TokenViewSet
from accounts.views.users import ProfileViewSet, UserViewSet

router = SimpleRouter()
router.register("auth", AuthViewSet, basename="auth")

tokens = TokenViewSet.as_view({"get": "list", "delete": "destroy_all"}, detail=False)
token = TokenViewSet.as_view({"delete": "destroy"}, detail=True)
profile = ProfileViewSet.as_view({"get": "retrieve", "patch": "partial_update"}, detail=True)

urlpatterns = [
    *router.urls,
    path("auth/tokens/", tokens, name="token-list"),
    path("auth/tokens/<int:pk>/", token, name="token-detail"),
    path("me/", profile, name="me"),
    path("user/<int:pk>/", UserViewSet.as_view({"get": "retrieve"}, detail=True), name="user-detail"),
]
