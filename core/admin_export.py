"""The rows of an admin list, with its filters and search, as a file; and how far an export has come."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path, label_for_field
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.db.models import ForeignKey
from django.http import Http404, JsonResponse, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from caching import RedisUnavailable
from core import redis_state
from core.admin_columns import field_of
from core.spreadsheets import csv_parts, xlsx_parts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django.urls import URLPattern

KINDS = {
    "csv": (csv_parts, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_parts, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
CHUNK_ROWS = 5_000
PROGRESS_TTL_SECONDS = 3600
# What names a row of another table, by the fields that the project's models have.
NAMES = ("name", "title", "company_name", "username", "plan_type")


class ExportMixin:
    """A mixin for model admins: the list's columns of all selected rows, as CSV or XLSX.

    Attributes:
        export_fields: the look-ups of the columns; by default those of the list that are in the database.
    """

    export_fields: Sequence[str] = ()

    def get_urls(self) -> list[URLPattern]:
        page: Any = self
        name = f"{page.opts.app_label}_{page.opts.model_name}_export"
        view = page.admin_site.admin_view(require_safe(self.export_view))
        progress = page.admin_site.admin_view(require_safe(self.progress_view))
        return [
            path("export/<str:kind>/", view, name=name),
            path("export/<str:kind>/<uuid:run>/", view, name=f"{name}_run"),
            path("export/<str:kind>/<uuid:run>/progress/", progress, name=f"{name}_progress"),
            *super().get_urls(),  # type: ignore[misc]  # ModelAdmin's
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        page: Any = self
        name = f"admin:{page.opts.app_label}_{page.opts.model_name}_export"
        exports = [(kind.upper(), reverse(name, args=[kind])) for kind in KINDS]
        context = {"exports": exports, **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[misc]

    def export_view(self, request: HttpRequest, kind: str, run: UUID | None = None) -> HttpResponseBase:
        """Return the file. ``run`` is a number by which the browser can ask how far it has come.

        Raises:
            Http404: there is no such kind of file.
            PermissionDenied: the user may not see the list.
            BadRequest: the list has no such filter.
        """
        page: Any = self
        if kind not in KINDS:
            raise Http404(kind)
        if not page.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = page.get_changelist_instance(request).queryset
        except IncorrectLookupParameters as error:
            raise BadRequest("The list has no such filter.") from error
        write, content_type = KINDS[kind]
        columns = list(self.export_columns())
        report = partial(_report, str(request.user.pk), run) if run else _silent
        parts = write(_table(rows, columns, report))
        response = StreamingHttpResponse(
            _later(parts) if isinstance(request, ASGIRequest) else parts, content_type=content_type
        )
        name = f"{page.opts.model_name}-{timezone.localdate():%Y-%m-%d}.{kind}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def progress_view(self, request: HttpRequest, kind: str, run: UUID) -> JsonResponse:  # noqa: ARG002
        """Return how many rows of how many an export of the same user has written; null where not known."""
        try:
            found = redis_state.server().command("GET", _key(str(request.user.pk), run))
        except RedisUnavailable:
            found = None
        done, total = map(int, found.split()) if found else (None, None)
        return JsonResponse({"done": done, "total": total})

    def export_columns(self) -> Iterator[tuple[str, str]]:
        """Yield the title and the look-up of each column."""
        page: Any = self
        model = page.model
        yield capfirst(str(model._meta.pk.verbose_name)), "pk"
        for name in self.export_fields or self._listed(model, page.list_display):
            yield _title(page, name), getattr(getattr(page, name, None), "admin_order_field", name)

    def _listed(self, model: type[Model], names: Sequence[Any]) -> Iterator[str]:
        for name in names:
            field = field_of(model, name)
            if field is None or not field.concrete:
                if isinstance(getattr(getattr(self, name, None), "admin_order_field", None), str):
                    yield name
                continue
            if isinstance(field, ForeignKey):
                known = {each.name for each in field.related_model._meta.fields}
                yield from (f"{name}__{each}" for each in ("id", *NAMES) if each in known)
            elif not field.primary_key:
                yield name


def _title(page: Any, name: str) -> str:
    if "__" in name:
        fields = get_fields_from_path(page.model, name)
        return ": ".join(capfirst(str(field.verbose_name)) for field in fields)
    return capfirst(str(label_for_field(name, page.model, model_admin=page)))


def _table(rows: QuerySet[Any], columns: list[tuple[str, str]], report: Any) -> Iterator[Sequence[Any]]:
    """Yield the titles, then the rows.

    Each chunk is a statement of its own, by the primary key: a cursor would keep one transaction, or a
    copy of all rows in the server, for as long as the client takes to read them, and none outlives a
    statement behind a pooler.
    """
    yield [title for title, _ in columns]
    total, done, last = rows.order_by().count(), 0, None
    report(done, total)
    selected = rows.order_by("pk").values_list(*(lookup for _, lookup in columns))
    while True:
        after = selected if last is None else selected.filter(pk__gt=last)
        chunk = list(after[:CHUNK_ROWS])
        yield from chunk
        done += len(chunk)
        report(done, max(done, total) if len(chunk) == CHUNK_ROWS else done)
        if len(chunk) < CHUNK_ROWS:
            return
        last = chunk[-1][0]


def _report(user_pk: str, run: UUID, done: int, total: int) -> None:
    try:
        redis_state.server().command("SET", _key(user_pk, run), f"{done} {total}", "EX", PROGRESS_TTL_SECONDS)
    except RedisUnavailable:
        return  # the file does not depend on it


def _silent(done: int, total: int) -> None:
    """Report nothing: the browser has no script that would show it."""


def _key(user_pk: str, run: UUID) -> str:
    return f"export:{user_pk}:{run}"


async def _later(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the parts to an ASGI server, which would read an ordinary iterator to its end first."""
    take = sync_to_async(partial(next, parts, None))
    while (part := await take()) is not None:
        yield part
