"""The query parameters of the catalogue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from api.fields import DecimalField, IdField, IntegerField
from api.pagination import PageQuery
from api.query import QuerySerializer
from courses.search import FEW, MAX_FOUND
from courses.selectors import DEFAULT_ORDER, ORDERS

ORDER_HELP = "The field to sort by; with “-” in descending order. Ties are broken by id."


class TopQuery(QuerySerializer):
    limit = IntegerField(min_value=1, max_value=100, default=5, help_text="How many courses.")
    order = serializers.ChoiceField(choices=ORDERS, default=DEFAULT_ORDER, help_text=ORDER_HELP)


class CourseQuery(PageQuery):
    order = serializers.ChoiceField(
        choices=ORDERS,
        default=None,
        help_text=f"{ORDER_HELP} By default the best match first with `search`, else the newest.",
    )
    category = IdField(default=None, help_text="Only courses of the category with this id.")
    search = serializers.CharField(
        max_length=100,
        allow_blank=True,
        default=None,
        help_text="Words or beginnings of words, all of which are in the title or the description. "
        f"Of more than {FEW:,} courses only the first {MAX_FOUND:,} in the order are found; without an "
        "order, the newest with the words in the title and the newest with them anywhere.",
    )
    min_rating = DecimalField(
        max_digits=16,
        decimal_places=15,
        min_value=Decimal(0),
        max_value=Decimal(5),
        default=None,
        help_text="Only courses that are rated at least so.",
    )

    def validate_search(self, text: str | None) -> str | None:
        return text or None

    def validate_min_rating(self, rating: Decimal | None) -> float | None:
        return float(rating) if rating else None  # all courses are rated at least 0

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values with the order that is meant, so that a page is cached once."""
        return attrs if attrs["order"] or attrs["search"] else {**attrs, "order": DEFAULT_ORDER}


class MyEnrollmentQuery(PageQuery):
    course = IdField(default=None, help_text="Only the enrolment in the course with this id.")
