"""The log of the tests."""

import logging
import sys


class StderrHandler(logging.StreamHandler):
    """Writes to what ``sys.stderr`` is when a record comes: pytest replaces it, and closes what it was."""

    def emit(self, record):
        self.stream = sys.stderr
        super().emit(record)
