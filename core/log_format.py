"""``LOG_FORMAT=json``: each record is one line of JSON."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

# Attributes of every record: they are written under names of our own, or say where in the code it was made.
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "request"}


class JSONFormatter(logging.Formatter):
    """Time, level, logger, request id and message; what a call adds by ``extra``; the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class ConsoleFormatter(logging.Formatter):
    """For the terminal of a developer: the message; also level and logger where something is wrong."""

    def format(self, record: logging.LogRecord) -> str:
        if record.levelno < logging.WARNING:
            return record.getMessage()
        line = f"{record.levelname} {record.name}: {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
