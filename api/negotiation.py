"""Which form a response has: JSON, or a page for a browser where BROWSABLE_API is on."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from django.http import HttpRequest
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.settings import api_settings

from api.problems.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rest_framework.renderers import BaseRenderer

FORMAT = "format"  # the parameter that chooses the renderer: ?format=json
PAGE = "api"  # DRF's name of its pages: ?format=api


class ContentNegotiation(DefaultContentNegotiation):
    """DRF's; but ``?format=`` decides whatever the client accepts, and one that is unknown is a 400."""

    def select_renderer(  # type: ignore[override]  # DRF gives a list
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002  (no address of the project has one)
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer and the media type of the response.

        Raises:
            NotAcceptable: the view has nothing that the client accepts (406).
            Problem: the view has no such format, or it is given twice (400).
        """
        query = str(request.META.get("QUERY_STRING", ""))
        if may_choose_format(query) and (given := request.query_params.getlist(FORMAT)):
            renderer = _of_format(given, renderers)
            return renderer, str(renderer.media_type)
        selection = _select(request.META.get("HTTP_ACCEPT"), tuple(map(type, renderers)))
        if selection is None:
            raise NotAcceptable(available_renderers=renderers)
        position, media_type = selection
        return renderers[position], media_type


def may_choose_format(query: str) -> bool:
    """Return False if a query string certainly lacks ``format``, in whatever way it is encoded."""
    return FORMAT in unquote(query)


def _of_format(given: list[str], renderers: Sequence[BaseRenderer]) -> BaseRenderer:
    names = [str(renderer.format) for renderer in renderers]
    if len(given) == 1 and given[0] in names:
        return renderers[names.index(given[0])]
    message = "is given more than once" if len(given) > 1 else f"must be one of {', '.join(names)}"
    raise Problem(f"{FORMAT} {message}.", errors={FORMAT: [f"{message}."]})


@lru_cache(maxsize=256)
def _select(accept: str | None, classes: tuple[type[BaseRenderer], ...]) -> tuple[int, str] | None:
    """Return the position and media type of the renderer that DRF selects; None if none is acceptable."""
    request = HttpRequest()
    if accept is not None:
        request.META["HTTP_ACCEPT"] = accept
    renderers = [kind() for kind in classes]
    try:
        chosen, media_type = DefaultContentNegotiation().select_renderer(Request(request), renderers)
    except NotAcceptable:
        return None
    return renderers.index(chosen), str(media_type)


def selected_format(accept: str | None) -> str | None:
    """Return the form of a response to a request with this Accept header, or with none.

    ``json``, ``api`` for a page, None for a 406. For what answers before or after the views.
    """
    classes: tuple[type[BaseRenderer], ...] = tuple(api_settings.DEFAULT_RENDERER_CLASSES)  # type: ignore[arg-type]  # not names: DRF imports them
    selection = _select(accept, classes)
    return None if selection is None else str(classes[selection[0]].format)


def is_page(message: object) -> bool:
    """Return whether a request is answered, or a response is made, as a page of the browsable API."""
    return getattr(getattr(message, "accepted_renderer", None), "format", None) == PAGE
