"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("courses.urls")),
    path("api/v1/", include("topics.api_urls")),
    path("topics/", include("topics.urls")),
    path("accounts/", include("topics.sign_in_urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("tasks.urls")),
    path("", include("ops.urls")),
]
