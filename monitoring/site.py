"""The admin's site: its pages load only what is the project's own, and its first page is the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from monitoring.dashboard.page import dashboard_of
from web.forms import AdminSignInForm
from web.pages import own_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


class Site(AdminSite):
    site_header = site_title = "Syllabus"
    index_title = _("Dashboard")
    login_form = AdminSignInForm

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)
        return guarded if cacheable else own_page(guarded)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return own_page(super().login)(request, extra_context)  # type: ignore[return-value]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return what Django does, with names as text: pages compare and show each of them several times."""
        apps = super().get_app_list(request, app_label)
        for each in (*apps, *(model for app in apps for model in app["models"])):
            each["name"] = str(each["name"])
        return apps

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "dashboard": dashboard_of(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "monitoring/dashboard.html", context)
