"""Audit lines for reading: the newest first, by who, what, on what and when."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from piccolo.query.methods.select import Select

from agency_credit.database.tables import AuditLine
from agency_credit.domain.spreadsheet import format_harmless_cell

_ZONE = ZoneInfo("Asia/Shanghai")
_HEADER = ("id", "at", "actor", "action", "subject", "outcome", "details", "chain")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which lines; an empty field asks for nothing.

    Parameters
    ----------
    action
        An action, or the beginning of several up to a dot, such as ``"draw"``.
    first, last
        Days in China, both included.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    outcome: str = ""
    first: date | None = None
    last: date | None = None


async def load_audit_lines(
    asked: AuditFilter, *, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Lines that fit, the newest first; `before`: those older than the line of this id."""
    query = _select(asked).order_by(AuditLine.id, ascending=False).limit(limit)
    return await (query if before is None else query.where(AuditLine.id < before))


async def format_audit_csv(asked: AuditFilter) -> bytes:
    """All lines that fit, the oldest first, with their place in the chain."""
    lines = await _select(asked).order_by(AuditLine.id)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows([format_harmless_cell(_text(line, name)) for name in _HEADER] for line in lines)
    return "\ufeff".encode() + text.getvalue().encode()  # spreadsheets need the mark to read Chinese


def _text(line: dict[str, Any], name: str) -> object:
    if name == "at":
        return line["at"].astimezone(_ZONE).isoformat()
    return line["details_json" if name == "details" else name]


def _select(asked: AuditFilter) -> Select[Any]:
    query = AuditLine.select()
    for column, value in (
        (AuditLine.actor, asked.actor),
        (AuditLine.subject, asked.subject),
        (AuditLine.outcome, asked.outcome),
    ):
        if value:
            query = query.where(column == value)
    if asked.action:
        pattern = asked.action.replace("%", "").replace("_", "")
        query = query.where((AuditLine.action == pattern) | AuditLine.action.like(f"{pattern}.%"))
    if asked.first:
        query = query.where(AuditLine.at >= _midnight(asked.first))
    if asked.last:
        query = query.where(AuditLine.at < _midnight(asked.last + timedelta(days=1)))
    return query


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=_ZONE)
