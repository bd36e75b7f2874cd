"""Translates exceptions of Django and of the database into problems."""

from __future__ import annotations

import logging
import re
from collections import Counter
from http import HTTPStatus

from django import db
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import ProtectedError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.serializers import as_serializer_error

from api.problems.exceptions import Conflict, Problem, Unavailable

logger = logging.getLogger(__name__)

NO_ROW = "did not affect any rows."  # how Django says that save(update_fields=…) found no row
NUL_IN_TEXT = "A string literal cannot contain NUL (0x00) characters."  # psycopg2's ValueError
TRY_AGAIN = "Another request was changing the same data: try again."


def translate(exception: Exception) -> exceptions.APIException | None:
    """Return the problem that an exception means, or None for one that is a bug."""
    match exception:
        case exceptions.APIException():
            return exception
        case Http404():
            return exceptions.NotFound(str(exception) or None)
        case PermissionDenied():
            return exceptions.PermissionDenied(str(exception) or None)
        case db.Error():
            return _from_database(exception, getattr(exception.__cause__, "pgcode", None))
        case DjangoValidationError():
            return exceptions.ValidationError(as_serializer_error(exception))
        case RequestDataTooBig():
            return Problem("The body is too large.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        case SuspiciousOperation() | BadRequest() | MultiPartParserError():
            return Problem("The request is malformed.")
        case ValueError() if str(exception) == NUL_IN_TEXT:
            return Problem("Text cannot contain the NUL character (0x00).")
    return None


def _from_database(exception: db.Error, sqlstate: str | None) -> exceptions.APIException | None:
    match exception:
        case ProtectedError():
            return Conflict(_in_use(exception.protected_objects))
        case db.IntegrityError():
            return _from_constraint(exception, sqlstate)
        case db.DataError():
            return Problem("A value is out of the range or form that can be stored.")
        case db.DatabaseError() if str(exception).endswith(NO_ROW):
            return Conflict("The row has just been deleted.")
    return _from_server(exception, sqlstate)


def _from_server(exception: db.Error, sqlstate: str | None) -> exceptions.APIException | None:
    """Return what a state means: https://www.postgresql.org/docs/current/errcodes-appendix.html."""
    match sqlstate:
        case "40001" | "40P01":  # serialization failure, deadlock
            return Conflict(TRY_AGAIN)
        case "55P03":  # lock not available
            return Unavailable(TRY_AGAIN, retry_after=1)
        case "57014":  # query canceled, by statement_timeout or by an operator
            problem = Unavailable("The database took too long: try again.")
        case "25006":  # no writes for now: a standby, a full disk
            problem = Unavailable(
                "Nothing can be changed for now: the database is read-only.", retry_after=30
            )
        case _:
            idle_for_too_long = sqlstate == "25P03"  # a transaction; an InternalError, as most are bugs
            if not idle_for_too_long and not isinstance(exception, db.OperationalError | db.InterfaceError):
                return None
            problem = Unavailable("The database is unavailable.")
    logger.error("%s %s", problem.detail, exception)
    return problem


def _from_constraint(exception: db.IntegrityError, sqlstate: str | None) -> exceptions.APIException | None:
    match sqlstate:
        case "23505" | "23P01":  # unique, exclusion
            return Conflict(_taken(exception))
        case "23503":  # foreign key
            return Conflict(
                "A row that this refers to, or that refers to this, has just been deleted or added."
            )
        case "23514":  # check
            return Problem(f"A value breaks the rule {_diagnosis(exception, 'constraint_name')}.")
    return None


def _taken(exception: db.IntegrityError) -> str:
    columns = re.match(r"Key \((.+?)\)=", _diagnosis(exception, "message_detail"))
    return f"There is already one with the same {columns[1]}." if columns else "There is already such a one."


def _in_use(objects: set[db.models.Model]) -> str:
    uses = Counter(str(one._meta.verbose_name_plural) for one in objects)
    return f"In use by {', '.join(f'{count} {name}' for name, count in sorted(uses.items()))}."


def _diagnosis(exception: db.Error, field: str) -> str:
    return getattr(getattr(exception.__cause__, "diag", None), field, None) or ""
