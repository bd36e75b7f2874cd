"""Sessions in the database, each with its user, so that they can be listed and ended.

The key is in the cookie alone: a row is found by a hash of it, so reading the database, a dump or the SQL in
a log is not enough to use a session.

A cookie is the client's to write: a key with NUL in it, which PostgreSQL refuses, or with other characters
that no key has, counts as no session.

When a session was last used is in Redis: a request that only reads writes nothing to the database.
"""

from __future__ import annotations

import hashlib
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import InternalError, OperationalError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import MAX_AGENT_CHARACTERS, Session
from caching.errors import RedisUnavailable
from core import redis_state

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.sessions.backends.base import SessionBase

    from accounts.models import SessionQuerySet

KEY = re.compile(r"[a-z0-9]{8,40}")
SIGN_IN = "sign_in"  # of a session's data: when and by which program it was made


class SessionStore(db.SessionStore):
    """Django's, with the columns of ``accounts.Session``."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _validate_session_key(self, key: object) -> bool:
        return isinstance(key, str) and KEY.fullmatch(key) is not None

    def load(self) -> dict[str, Any]:
        """Return the session's data, and record that it was used."""
        data: dict[str, Any] = super().load()
        if SESSION_KEY in data and self.session_key:
            _record_use(public_id(self.session_key))
        return data

    def exists(self, session_key: str) -> bool:
        return _rows(session_key).exists()

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

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            _rows(key).delete()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        sign_in = data.get(SIGN_IN, {})
        return Session(
            public_id=public_id(self._get_or_create_session_key()),  # type: ignore[attr-defined]  # Django's
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=data.get(SESSION_KEY),
            auth_hash=data.get(HASH_SESSION_KEY, ""),
            agent=sign_in.get("agent", ""),
            signed_in_at=parse_datetime(sign_in["at"]) if sign_in else None,
        )

    def _get_session_from_db(self) -> Session | None:
        found = _rows(self.session_key or "").filter(expire_date__gt=timezone.now()).first()
        if found is None:
            self._session_key = None
        return found


def describe_sign_in(agent: str, moment: datetime) -> dict[str, str]:
    """Return what a session's data say of its beginning."""
    return {"agent": agent[:MAX_AGENT_CHARACTERS], "at": moment.isoformat()}


def public_id(session_key: str) -> str:
    """Return the hash by which a session is known. A key is random, so it needs no salt."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:32]


def current_id(session: SessionBase) -> str:
    """Return the public id of a request's session; empty if it has none."""
    return public_id(session.session_key) if session.session_key else ""


def last_uses(ids: Collection[str]) -> dict[str, datetime]:
    """Return when sessions were last used, by their public ids, as far as Redis knows."""
    if not ids:
        return {}
    try:
        times = redis_state.server().command("MGET", *map(_used_key, ids))
    except RedisUnavailable:
        return {}
    known = zip(ids, times, strict=True)
    return {one: datetime.fromtimestamp(int(seconds), UTC) for one, seconds in known if seconds}


def _rows(session_key: str) -> SessionQuerySet:
    rows: SessionQuerySet = Session.objects.filter(public_id=public_id(session_key))
    return rows


def _record_use(session_id: str) -> None:
    words = ("SET", _used_key(session_id), int(time.time()), "EX", settings.SESSION_COOKIE_AGE)
    try:
        redis_state.server().command(*words)
    except RedisUnavailable:
        return  # the list then shows an earlier time; the breaker has logged why


def _used_key(session_id: str) -> str:
    return f"session-used:{session_id}"
