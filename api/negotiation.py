"""Which form a response has: JSON, or a page for a browser where BROWSABLE_API is on."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.settings import api_settings

from api.problems.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.renderers import BaseRenderer

FORMAT = "format"  # the parameter that chooses the renderer: ?format=json
PAGE = "api"  # DRF's name of its pages: ?format=api


class ContentNegotiation(DefaultContentNegotiation):
    """DRF's; but ``?format=`` decides whatever the client accepts, and one that is unknown is a 400."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer and the media type of the response.

        Raises:
            NotAcceptable: the view has nothing that the client accepts (406).
            Problem: the view has no such format, or it is given twice (400).
        """
        given = request.query_params.getlist(FORMAT)
        if not given:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
            return chosen
        by_format = {renderer.format: renderer for renderer in reversed([*renderers])}
        if len(given) > 1 or given[0] not in by_format:
            accepted = ", ".join(sorted(map(str, by_format), reverse=True))
            message = "is given more than once" if len(given) > 1 else f"must be one of {accepted}"
            raise Problem(f"{FORMAT} {message}.", errors={FORMAT: [f"{message}."]})
        renderer = by_format[given[0]]
        return renderer, str(renderer.media_type)


def is_page(message: object) -> bool:
    """Return whether a request is answered, or a response is made, as a page of the browsable API."""
    return getattr(getattr(message, "accepted_renderer", None), "format", None) == PAGE


@lru_cache(maxsize=256)
def selects_json(accept: str | None) -> bool:
    """Return whether a GET with this Accept header, or with none, is answered with JSON.

    Otherwise the answer is a page, or a 406. For what answers before the views do.
    """
    request = HttpRequest()
    if accept is not None:
        request.META["HTTP_ACCEPT"] = accept
    classes: Iterable[Any] = api_settings.DEFAULT_RENDERER_CLASSES  # imported by DRF, not their names
    renderers = [renderer() for renderer in classes]
    try:
        chosen, _ = ContentNegotiation().select_renderer(Request(request), renderers)
    except NotAcceptable:
        return False
    return bool(chosen.format == "json")
