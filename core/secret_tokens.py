"""Tokens that open something: made here, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets

TOKEN_BYTES = 32
TOKEN_CHARACTERS = 43
TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_CHARACTERS}}}")
HASH_CHARACTERS = 64


def new_token() -> str:
    """43 characters of ``[A-Za-z0-9_-]``, which is also what Telegram lets a link carry."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """What is stored of a token. With 256 random bits in it there is nothing to salt or to slow down."""
    return hashlib.sha256(token.encode()).hexdigest()
