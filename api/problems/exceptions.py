"""What an app raises to answer a request with a problem."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from rest_framework.exceptions import APIException

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = "application/problem+json"


class Problem(APIException):
    """Raise it to answer a request with this problem.

    ``detail`` says what was wrong and what is accepted; ``errors`` says it by field;
    ``headers`` go with the response; ``members`` are further parts of its body.
    """

    status_code: int = HTTPStatus.BAD_REQUEST

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status_code = status or self.status_code
        self.errors = errors
        self.headers = headers or {}
        self.members = members or {}


class Conflict(Problem):
    """The request is valid, but the present state of the data does not allow it (409)."""

    status_code = HTTPStatus.CONFLICT


class PreconditionFailed(Problem):
    """The row has changed since the client read it (412)."""

    status_code = HTTPStatus.PRECONDITION_FAILED


class Unavailable(Problem):
    """A server that the request needs is unavailable (503); ``retry_after`` in seconds."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, detail: str, *, retry_after: int = 5) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})
