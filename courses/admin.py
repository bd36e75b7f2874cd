"""The catalogue in Django's admin. Every list takes a constant number of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.admin import ModelAdmin, RecordAdmin, StackedInline
from core.admin_columns import GOOD, QUIET
from core.admin_conflicts import GuardedForm
from core.history import record_changes
from core.subqueries import count_of
from courses.actions import confirm_enrollment
from courses.models import Category, Certificate, Course, Enrollment, Lesson, Module, Review
from courses.search import PrefixQuery

if TYPE_CHECKING:
    from decimal import Decimal

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.http import HttpRequest


class PlaceForm(GuardedForm):
    """A row among its siblings. Rows may swap places: the set of forms and the COMMIT compare them."""

    def validate_constraints(self) -> None:
        try:
            self.instance.validate_constraints({*self._get_validation_exclusions(), "position"})  # type: ignore[attr-defined]
        except ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]


class ModuleInline(StackedInline):
    model = Module
    form = PlaceForm
    extra = 0
    show_change_link = True  # a module's own page holds its lessons


class LessonInline(StackedInline):
    model = Lesson
    form = PlaceForm
    extra = 0


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ["name", "course_count"]
    list_filter = ["courses__is_published"]
    search_fields = ["name"]
    counts = {"course_count": (Course, "category__id__exact")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).annotate(courses_total=count_of(Course, "category"))

    @admin.display(description=_("courses"), ordering="courses_total")
    def course_count(self, category: Any) -> int:
        return category.courses_total


@admin.register(Course)
class CourseAdmin(ModelAdmin):
    list_display = [
        "title",
        "category",
        "is_published",
        "module_count",
        "lesson_count",
        "students_count",
        "rating",
        "views",
        "created_at",
    ]
    list_filter = ["is_published", "category", "created_at"]
    search_fields = ["title", "description"]
    autocomplete_fields = ["category"]
    readonly_fields = ["views", "students_count", "rating", "created_at", "updated_at"]
    inlines = [ModuleInline]
    counts = {
        "module_count": (Module, "course__id__exact"),
        "lesson_count": (Lesson, "module__course__id__exact"),
        "students_count": (Enrollment, "course__id__exact"),
    }
    states = {"is_published": {True: (GOOD, _("published")), False: (QUIET, _("draft"))}}
    actions = ["publish", "withdraw"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        return (
            super()
            .get_queryset(request)
            .select_related("category", "stats")
            .annotate(
                modules_total=count_of(Module, "course"), lessons_total=count_of(Lesson, "module__course")
            )
        )

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Course],
        search_term: str,
    ) -> tuple[QuerySet[Course], bool]:
        """Return what the search of the catalogue finds; without a term, all."""
        found = queryset.filter(words=PrefixQuery(search_term)) if search_term.strip() else queryset
        return found, False  # no course twice

    @admin.display(description=_("modules"), ordering="modules_total")
    def module_count(self, course: Any) -> int:
        return course.modules_total

    @admin.display(description=_("lessons"), ordering="lessons_total")
    def lesson_count(self, course: Any) -> int:
        return course.lessons_total

    @admin.display(description=_("students"), ordering="stats__students_count")
    def students_count(self, course: Course) -> int:
        return course.statistics.students_count

    @admin.display(description=_("rating"), ordering="stats__rating")
    def rating(self, course: Course) -> Decimal | str:
        return course.statistics.rating or self.get_empty_value_display()  # no review yet

    @admin.display(description=_("views"), ordering="stats__views")
    def views(self, course: Course) -> int:
        return course.statistics.views

    @admin.action(description=_("Publish the selected courses"), permissions=["change"])
    def publish(self, request: HttpRequest, courses: QuerySet[Course]) -> None:
        number = self._set_published(request, courses, True)
        text = ngettext("%d course was published.", "%d courses were published.", number)
        messages.success(request, text % number)

    @admin.action(description=_("Withdraw the selected courses"), permissions=["change"])
    def withdraw(self, request: HttpRequest, courses: QuerySet[Course]) -> None:
        number = self._set_published(request, courses, False)
        text = ngettext("%d course was withdrawn.", "%d courses were withdrawn.", number)
        messages.success(request, text % number)

    @staticmethod
    @transaction.atomic
    def _set_published(request: HttpRequest, courses: QuerySet[Course], is_published: bool) -> int:
        # Not on the annotated query set: an update joins nothing.
        others = Course.objects.filter(pk__in=courses.values("pk")).exclude(is_published=is_published)
        changed = list(others.select_for_update(no_key=True).order_by("pk"))
        rows = Course.objects.filter(pk__in=[course.pk for course in changed])
        rows.update(is_published=is_published, updated_at=timezone.now())
        record_changes(request.user, {course: ["is_published"] for course in changed})
        return len(changed)


@admin.register(Module)
class ModuleAdmin(ModelAdmin):
    list_display = ["title", "course", "position", "lesson_count"]
    list_filter = ["course__is_published", "course__category"]
    list_select_related = ["course"]
    search_fields = ["title", "course__title"]
    autocomplete_fields = ["course"]
    inlines = [LessonInline]
    counts = {"lesson_count": (Lesson, "module__id__exact")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Module]:
        return super().get_queryset(request).annotate(lessons_total=count_of(Lesson, "module"))

    @admin.display(description=_("lessons"), ordering="lessons_total")
    def lesson_count(self, module: Any) -> int:
        return module.lessons_total


@admin.register(Lesson)
class LessonAdmin(ModelAdmin):
    list_display = ["title", "module", "course", "position"]
    list_filter = ["module__course__is_published", "module__course__category"]
    list_select_related = ["module__course"]
    search_fields = ["title", "module__title", "module__course__title"]
    autocomplete_fields = ["module"]
    linked = ["course"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow the link of a course to its lessons, too."""
        return lookup == "module__course__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description=_("course"), ordering="module__course__title")
    def course(self, lesson: Lesson) -> Course:
        return lesson.module.course


class OfOneLearner(ModelAdmin):
    """Rows that stay with their user and course: a certificate or a progress would change hands."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return [*fields, *(self.column(request, name) for name in ("user", "course"))] if obj else fields


@admin.register(Enrollment)
class EnrollmentAdmin(OfOneLearner):
    list_display = ["user", "course", "created_at", "completed_at"]
    list_filter = ["created_at", "completed_at"]
    list_select_related = ["user", "course"]
    search_fields = ["user__username", "user__email", "course__title"]
    autocomplete_fields = ["user", "course"]
    readonly_fields = ["created_at", "completed_at"]  # completing brings a certificate

    def save_model(self, request: HttpRequest, obj: Enrollment, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            confirm_enrollment(obj)


class ReviewForm(GuardedForm):
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        user, course = cleaned.get("user"), cleaned.get("course")
        if user and course and not Enrollment.objects.filter(user=user, course=course).exists():
            raise ValidationError(_("Only users who are enrolled in the course can review it."))
        return cleaned


@admin.register(Review)
class ReviewAdmin(OfOneLearner):
    form = ReviewForm
    list_display = ["course", "user", "rating", "created_at"]
    list_filter = ["rating", "created_at"]
    list_select_related = ["user", "course"]
    search_fields = ["user__username", "course__title", "text"]
    autocomplete_fields = ["user", "course"]
    readonly_fields = ["created_at"]


@admin.register(Certificate)
class CertificateAdmin(RecordAdmin):
    """Read-only: a certificate is issued by completing a course."""

    list_display = ("learner_name", "course_title", "user", "issued_at", "has_file", "page")
    list_filter = ["issued_at"]
    search_fields = ["=uuid", "enrollment__user__username", "learner_name", "course_title"]
    readonly_fields = fields = (
        "learner_name",
        "course_title",
        "user",
        "enrollment",
        "issued_at",
        "uuid",
        "has_file",
        "page",
    )
    linked = ["user"]
    export_fields = ["uuid", "learner_name", "course_title", "enrollment__user__username", "issued_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Certificate]:
        return super().get_queryset(request).select_related("enrollment__user", "enrollment__course")

    @admin.display(description=_("user"), ordering="enrollment__user__username")
    def user(self, certificate: Certificate) -> User:
        return certificate.enrollment.user

    @admin.display(description=_("file"), boolean=True)
    def has_file(self, certificate: Certificate) -> bool:
        return bool(certificate.file)

    @admin.display(description=_("certificate"))
    def page(self, certificate: Certificate) -> str:
        address = reverse("certificate-detail", args=[certificate.uuid])
        return format_html('<a href="{}">{}</a>', address, _("open"))
