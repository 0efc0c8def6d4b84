"""What the service says of itself: JSON lines on standard error that hold nothing anybody entered.

A line never has a body, a cookie, a query, a value in a path, a name, or the text of an exception (which may
quote any of them): what identifies a fault is its kind and the places in the code.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any

from agency_credit.domain.errors import AgencyCreditError

ACCESS = "agency_credit.access"
"""Logger of one line a request; below level WARNING for all that went well."""

MAX_FRAMES = 40
_ROOT = Path(__file__).parents[2]


class JsonLines(logging.Formatter):
    """A record as one line of JSON.

    Our own records bring their `fields`; of others only the first line of the template is taken, never the
    values that would be put into it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg).partition("\n")[0][:200],
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["errors"] = describe_error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def describe_error(error: BaseException) -> list[dict[str, Any]]:
    """An error and those that led to it, the first cause last: kind, code of ours, places in the code."""
    described: list[dict[str, Any]] = []
    current: BaseException | None = error
    while current is not None and len(described) < 10:
        kind = type(current)
        one: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
        if isinstance(current, AgencyCreditError):
            one["code"] = current.code
        one["frames"] = _frames(current.__traceback__)
        described.append(one)
        if current.__cause__ is None and not current.__suppress_context__:
            current = current.__context__
        else:
            current = current.__cause__
    return described


def _frames(traceback: TracebackType | None) -> list[str]:
    frames = [
        f"{_shorten(frame.f_code.co_filename)}:{number} {frame.f_code.co_name}"
        for frame, number in walk_tb(traceback)
    ]
    return frames[-MAX_FRAMES:]


def _shorten(name: str) -> str:
    path = Path(name)
    if path.is_relative_to(_ROOT):
        return path.relative_to(_ROOT).as_posix()
    _, found, rest = name.rpartition("site-packages/")
    return rest if found else path.name


def logging_config(*, has_access_lines: bool) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes: everything goes to standard error, as JSON lines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": f"{__name__}.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            ACCESS: {"level": "INFO" if has_access_lines else "WARNING"},
            "piccolo": {"level": "WARNING"},  # it would tell its versions at every start
        },
    }
