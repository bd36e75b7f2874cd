"""Pages of lists that may have 100,000 tasks."""

from __future__ import annotations

from typing import Any

from api.pagination import Pagination


class DeepPagination(Pagination):
    """What a page skips is read from an index, from the nearer end.

    The rows, with what is joined to them, are then read for one page only.
    """

    def get_rows(self, queryset: Any) -> list[Any]:
        """Return the rows of the selected page, by one query."""
        start = (self.selected.number - 1) * self.selected.size
        stop = min(start + self.selected.size, self.count)
        ids = queryset.select_related(None).values("pk")
        if start > self.count // 2:
            ids = ids.reverse()[self.count - stop : self.count - start]
        else:
            ids = ids[start:stop]
        return list(queryset.filter(pk__in=ids))
