"""The start page: what runs here, what to try, and links that work for the person who looks at it."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

# Addresses to try, each with what it shows. The page's script requests them and shows X-Cache.
EXAMPLES = (
    "/api/v1/courses/1/",
    "/api/v1/courses/",
    "/api/v1/courses/top/?limit=5&order=title",
)


class StartPage(TemplateView):
    template_name = "web/start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        root = f"{self.request.scheme}://{self.request.get_host()}"
        lines = [(path, f'curl -s -D - -o /dev/null "{root}{path}" | grep X-Cache') for path in EXAMPLES]
        return super().get_context_data(examples=lines, **kwargs)
