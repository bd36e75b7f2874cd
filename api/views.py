"""Views that apps build on, and where the API describes itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from rest_framework.request import Request


class CachedReadView(APIView):
    """A view whose ``get`` is usually answered by the cache.

    A plain read (api/plain_reads.py) comes without credentials, body, or wishes for a format, so
    there is nothing to authenticate, parse or negotiate: its ``get`` is given Django's own request
    with ``query_params`` and ``user``. Permissions, throttles, exceptions and headers are DRF's as
    ever. Any other request goes the usual way.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not getattr(request, "is_plain_read", False):
            return super().dispatch(request, *args, **kwargs)
        plain: Any = request
        plain.query_params = request.GET
        plain.authenticators, plain.successful_authenticator = self.authentication_classes, None
        self.request, self.args, self.kwargs = plain, args, kwargs
        self.headers = self.default_response_headers
        try:
            self.check_permissions(plain)
            self.check_throttles(plain)
            response = self.get(plain, *args, **kwargs)  # type: ignore[attr-defined]  # the subclass's
        except Exception as error:  # noqa: BLE001  (DRF's handler raises again what it does not know)
            response = self.handle_exception(error)
        return self.finalize_response(plain, response, *args, **kwargs)

    def raise_uncaught_exception(self, exc: Exception) -> NoReturn:
        raise exc


class SchemaView(SpectacularAPIView):
    """The schema as YAML, or as JSON for who accepts that."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response(_schema())


@cache
def _schema() -> dict[str, Any]:
    """Made once: it says the same to everybody, and takes some hundred milliseconds."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)
    return schema
