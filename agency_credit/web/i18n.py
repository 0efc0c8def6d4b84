"""Two languages: English templates are the keys, Chinese comes from the catalogues; Chinese is shown first.

Every room keeps a catalogue of its own, ``locale/zh/<room>.po``; they are merged once, at first use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po

from agency_credit.domain.errors import AgencyCreditError, Fault

Language = Literal["zh", "en"]
LOCALE = Path(__file__).parent / "locale" / "zh"
ZONE = ZoneInfo("Asia/Shanghai")

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@cache
def load_catalogue() -> Mapping[str, str]:
    """English template to Chinese template, all rooms together."""
    merged: dict[str, str] = {}
    for path in sorted(LOCALE.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh", abort_invalid=True):
                if message.id and isinstance(message.id, str) and isinstance(message.string, str):
                    merged.setdefault(message.id, message.string)
    return merged


def msgid(template: str) -> str:
    """Mark a template that is translated later, so that the catalogue test finds it."""
    return template


def translate(language: Language, template: str, /, **params: object) -> str:
    """`template` in `language`, with its ``{named}`` places filled in."""
    chosen = load_catalogue().get(template) if language == "zh" else None
    return (chosen or template).format(**params)


def translate_error(language: Language, error: AgencyCreditError | Fault) -> str:
    """What an error says, without its place (`Fault.at`)."""
    return translate(language, error.template, **error.params)


def format_date(language: Language, day: date | None) -> str:
    """``2026年11月24日`` or ``24 November 2026``; a dash for no date."""
    if day is None:
        return "—"
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_instant(language: Language, at: datetime | None) -> str:
    """Date and time of day in China, to the minute; seconds only where there are some."""
    if at is None:
        return "—"
    local = at.astimezone(ZONE)
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    if language == "zh":
        return f"{format_date(language, local.date())} {clock}"
    return f"{format_date(language, local.date())}, {clock} (Beijing time)"
