"""What OPTIONS answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from rest_framework.metadata import BaseMetadata

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class Metadata(BaseMetadata):
    """The methods and media types of an address. The schema describes the fields.

    DRF's SimpleMetadata loads the row as a PUT would, with its lock, and shows docstrings.
    """

    def determine_metadata(self, request: Request, view: APIView) -> dict[str, Any]:  # noqa: ARG002
        return {
            "methods": view.allowed_methods,
            "renders": [renderer.media_type for renderer in view.renderer_classes],
            "parses": [parser.media_type for parser in view.parser_classes],
            "schema": reverse("schema"),
        }
