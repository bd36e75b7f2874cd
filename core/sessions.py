"""Sessions in the database, under keys of the form that Django makes.

A cookie is the client's to write: a key with NUL in it, which PostgreSQL refuses, or with other characters
that no key has, counts as no session.
"""

from __future__ import annotations

import re

from django.contrib.sessions.backends import db

KEY = re.compile(r"[a-z0-9]{8,40}")


class SessionStore(db.SessionStore):
    def _validate_session_key(self, key: object) -> bool:
        return isinstance(key, str) and KEY.fullmatch(key) is not None
