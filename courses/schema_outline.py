"""The operations on modules and lessons in the OpenAPI schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema, extend_schema_view

from api.openapi.schema import IF_MATCH as IF_MATCH_HEADER
from courses.schema import IF_MATCH
from courses.serializers import (
    LessonCompletionSerializer,
    LessonSerializer,
    LessonSummarySerializer,
    ModuleSerializer,
    OrderedIdsSerializer,
)

if TYPE_CHECKING:
    from rest_framework.serializers import BaseSerializer


def _children(
    one: str, many: str, parent: str, listed: type[BaseSerializer[Any]], created: type[BaseSerializer[Any]]
) -> Any:
    return extend_schema_view(
        list=extend_schema(
            summary=f"List the {many} of a {parent}",
            description=f"In their order, for those with the permission to view {many}.",
            responses=listed(many=True),
        ),
        create=extend_schema(
            summary=f"Add a {one} to a {parent}",
            description=f"At the end. Needs the permission to add {many}.",
            responses={201: created},
        ),
    )


def _child(one: str, many: str, parent: str, deleted: str) -> dict[str, Any]:
    moves = f"With another `{parent}` the {one} moves to the end of that {parent}."
    return {
        "retrieve": extend_schema(
            summary=f"Get a {one}", description=f"For those with the permission to view {many}."
        ),
        "update": extend_schema(
            summary=f"Replace a {one}",
            description=f"{moves} Needs the permission to change {many}. {IF_MATCH}",
        ),
        "partial_update": extend_schema(
            summary=f"Change a {one}",
            description=f"Fields that are not given stay as they are. {moves} {IF_MATCH}",
        ),
        "destroy": extend_schema(
            summary=f"Delete a {one}",
            description=f"{deleted} Needs the permission to delete {many}. {IF_MATCH}",
        ),
    }


COURSE_MODULES = _children("module", "modules", "course", ModuleSerializer, ModuleSerializer)
MODULE_LESSONS = _children("lesson", "lessons", "module", LessonSummarySerializer, LessonSerializer)
MODULES = extend_schema_view(
    **_child("module", "modules", "course", "With its lessons and what learners completed of them.")
)
LESSONS = extend_schema_view(
    **_child("lesson", "lessons", "module", "Learners' completions of it go with it."),
)
ORDER = extend_schema(
    summary="Get the order",
    description="The ids, in order. For those with the permission to view them.",
    responses=OrderedIdsSerializer,
)
REORDER = extend_schema(
    summary="Put them in order",
    description="All at once; 409 where the ids are not exactly those that are there. Needs the permission "
    f"to change them. {IF_MATCH}",
    parameters=[IF_MATCH_HEADER],
    request=OrderedIdsSerializer,
    responses=OrderedIdsSerializer,
)
COMPLETE_LESSON = extend_schema(
    operation_id="lessons_complete",
    summary="Complete a lesson",
    description="For a user who is enrolled in its course. 201 the first time, 200 without a change then.",
    request=None,
    responses={201: LessonCompletionSerializer, 200: LessonCompletionSerializer},
)
REOPEN_LESSON = extend_schema(
    operation_id="lessons_reopen",
    summary="Undo the completion of a lesson",
    description="404 if it is not completed; 409 once the course is completed.",
    responses={204: None},
)
