"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path

from services.urls import source_urlpatterns

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("api/v1/", include("courses.urls")),
    path("api/v1/", include("clients.urls")),
    path("api/v1/", include("services.urls")),
    path("api/", include(source_urlpatterns)),
    path("", include("ops.urls")),
]
