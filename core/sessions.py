"""Sessions in the database, under keys of the form that Django makes.

A cookie is the client's to write: a key with NUL in it, which PostgreSQL refuses, or with other characters
that no key has, counts as no session.
"""

from __future__ import annotations

import re

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import InternalError, OperationalError

KEY = re.compile(r"[a-z0-9]{8,40}")


class SessionStore(db.SessionStore):
    def _validate_session_key(self, key: object) -> bool:
        return isinstance(key, str) and KEY.fullmatch(key) is not None

    def save(self, must_create: bool = False) -> None:
        """Save the session.

        Raises:
            UpdateError: it has been deleted.
            OperationalError, InternalError: the database is unavailable or read-only. Django's backend
                takes those for a deleted session, too.
        """
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InternalError):
                raise error.__context__ from error.__context__.__cause__
            raise
