"""Actions whose response is a cached value: one declaration for the view and for the edge.

::

    class CourseViewSet(GenericViewSet):
        @cached_action(cache.course_detail, counts=course_views)
        def retrieve(self, request, read, pk): return read()

The parameters of the cached value are those of the address and of the query. edge/ finds the declaration
through the URLconf, and answers hits without the view.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from api.http_cache import cached_response
from caching import CacheResult
from core.handoff import handoff_of

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.request import Request

    from caching import Cached, CachedFamily
    from core.redis_state import ReadCounter


Read = Callable[[], CacheResult]


class CachedAction(NamedTuple):
    """What the response of an action is made of.

    Attributes:
        declaration: the cached value.
        counts: counts the GETs that are answered with it.
    """

    declaration: Cached | CachedFamily
    counts: ReadCounter | None

    def read(self, request: Request, params: dict[str, Any]) -> CacheResult:
        """Return the value, and count the read.

        Raises:
            Exception: any that the declaration's ``load`` raises.
        """
        handoff = handoff_of(request)
        lease = handoff.lease if handoff else None
        is_ours = lease and lease.lookup.source is self.declaration and lease.lookup.params == params
        result = lease.read() if lease and is_ours else self.declaration.get(**params)
        is_counted = handoff is not None and handoff.view_counted
        if self.counts and request.method == "GET" and not is_counted:
            self.counts.count(params[self.counts.parameter])
        return result


def cached_action(
    declaration: Cached | CachedFamily, *, counts: ReadCounter | None = None
) -> Callable[[Callable[..., CacheResult]], Callable[..., HttpResponse]]:
    """Make a viewset's action of a function that returns a CacheResult.

    The function gets ``read``, which returns the cached value. For a caller without a user it must return
    what ``read`` returns, whenever that is a hit: the edge answers such requests in its place. It may
    return something else to a user, and handle what a load raises.
    """
    cached = CachedAction(declaration, counts)

    def decorate(method: Callable[..., CacheResult]) -> Callable[..., HttpResponse]:
        @functools.wraps(method)
        def answer(self: Any, request: Request, **kwargs: Any) -> HttpResponse:
            params = {**kwargs, **self.query}
            result = method(self, request, functools.partial(cached.read, request, params), **kwargs)
            return cached_response(request, result)

        answer.cached = cached  # type: ignore[attr-defined]  # found by edge/endpoints.py
        return answer

    return decorate
