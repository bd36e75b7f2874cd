"""Addresses under /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts.views.auth import AuthViewSet
from accounts.views.passwords import PasswordViewSet
from accounts.views.sessions import SessionViewSet
from accounts.views.tokens import TokenViewSet
from accounts.views.users import ProfileViewSet, UserViewSet

router = SimpleRouter()
router.register("auth", AuthViewSet, basename="auth")
router.register("auth/password", PasswordViewSet, basename="password")

tokens = TokenViewSet.as_view({"get": "list", "delete": "destroy_all"}, detail=False)
token = TokenViewSet.as_view({"delete": "destroy"}, detail=True)
sessions = SessionViewSet.as_view({"get": "list", "delete": "destroy_others"}, detail=False)
session = SessionViewSet.as_view({"delete": "destroy"}, detail=True)
profile = ProfileViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}, detail=True
)
export = ProfileViewSet.as_view({"get": "export"}, detail=True)

urlpatterns = [
    *router.urls,
    path("auth/tokens/", tokens, name="token-list"),
    path("auth/tokens/<int:pk>/", token, name="token-detail"),
    path("auth/sessions/", sessions, name="session-list"),
    path("auth/sessions/<slug:public_id>/", session, name="session-detail"),
    path("me/", profile, name="me"),
    path("me/export/", export, name="me-export"),
    path("users/", UserViewSet.as_view({"get": "list"}, detail=False), name="user-list"),
    path("user/<int:pk>/", UserViewSet.as_view({"get": "retrieve"}, detail=True), name="user-detail"),
]
