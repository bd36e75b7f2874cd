"""The query parameters of the catalogue."""

from __future__ import annotations

from decimal import Decimal

from rest_framework import serializers

from api.fields import DecimalField, IdField, IntegerField
from api.pagination import PageQuery
from api.query import QuerySerializer
from courses.selectors import DEFAULT_ORDER, ORDERS

ORDER_HELP = "The field to sort by; with “-” in descending order. Ties are broken by id."


class TopQuery(QuerySerializer):
    limit = IntegerField(min_value=1, max_value=100, default=5, help_text="How many courses.")
    order = serializers.ChoiceField(choices=ORDERS, default=DEFAULT_ORDER, help_text=ORDER_HELP)


class CourseQuery(PageQuery):
    order = serializers.ChoiceField(choices=ORDERS, default=DEFAULT_ORDER, help_text=ORDER_HELP)
    category = IdField(default=None, help_text="Only courses of the category with this id.")
    search = serializers.CharField(
        max_length=100, allow_blank=True, default=None, help_text="A text in the title or the description."
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
        return None if rating is None else float(rating)


class MyEnrollmentQuery(PageQuery):
    course = IdField(default=None, help_text="Only the enrolment in the course with this id.")
