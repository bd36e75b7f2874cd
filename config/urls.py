"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("courses.urls")),
    path("api/v1/", include("tasks.urls")),
    path("", include("ops.urls")),
]
