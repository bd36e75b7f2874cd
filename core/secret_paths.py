"""Links of mails, whose last parts are secrets, in the log: Django logs the paths of requests that fail."""

from __future__ import annotations

import logging
import re

SECRET_PATH = re.compile(r"(accounts/(?:password/reset|verify-email)/)(?!<)[^\s?#'\"]+", re.IGNORECASE)


class SecretPathFilter(logging.Filter):
    """Write ``/accounts/verify-email/…`` in place of a link, in any record, also within an address."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if SECRET_PATH.search(text):
            record.msg, record.args = SECRET_PATH.sub(r"\1…", text), ()
        return True
