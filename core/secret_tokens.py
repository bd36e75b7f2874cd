"""Secret tokens: generated here, shown once, stored as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets

TOKEN_BYTES = 32
TOKEN_CHARACTERS = 43
TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_CHARACTERS}}}")
HASH_CHARACTERS = 64


def new_token() -> str:
    """Return 43 characters of ``[A-Za-z0-9_-]``, which a link to a Telegram bot may contain."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """Return the hash that is stored. A token has 256 random bits, so it needs no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
