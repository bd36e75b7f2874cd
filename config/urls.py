"""Every address of the project."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from accounts.views.pages import set_language
from services.urls import source_urlpatterns
from web.pages import own_page
from web.start import StartPage

handler500 = "web.error_pages.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("courses.urls")),  # first: found without trying the others
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("messaging.urls")),
    path("api/v1/", include("clients.urls")),
    path("api/v1/", include("services.urls")),
    path("api/v1/", include("tasks.urls")),
    path("api/v1/", include("topics.api_urls")),
    path("api/", include(source_urlpatterns)),
    path("", include("api.urls")),
    path("admin/", admin.site.urls),
    path("", own_page(StartPage.as_view()), name="index"),
    path("topics/", include("topics.urls")),
    path("accounts/", include("web.urls")),
    path("accounts/", include("accounts.page_urls")),
    path("certificates/", include("courses.page_urls")),
    path("i18n/setlang/", set_language, name="set_language"),
    path("", include("monitoring.urls")),
]
if settings.DEBUG_TOOLBAR:
    from debug_toolbar.toolbar import debug_toolbar_urls

    urlpatterns += debug_toolbar_urls()
