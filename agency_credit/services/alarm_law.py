"""The numbers of the law behind the alarms, as reference data has them, each with its source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import TypeVar

from agency_credit.domain.errors import InputError
from agency_credit.inspection.alarms import AlarmKind, AlarmLaw, MonthDay
from agency_credit.services.reference import Parameter, load_parameters

Value = TypeVar("Value")

_FORMS = ("partnership", "company")
_LINES = ("patent", "trademark")


async def load_alarm_law() -> tuple[AlarmLaw, dict[str, str]]:
    """The numbers, and the text behind each kind of alarm by `source_key`.

    Raises
    ------
    InputError
        A value is no number, day, date or fraction; it names the parameter.
    """
    known = await load_parameters("alarm_")
    years = _read(known, "alarm_filing_years", _number)
    law = AlarmLaw(
        filing_months=None if years is None else 12 * years,
        renewal_months=_read(known, "alarm_renewal_months", _number),
        alteration_days=_read(known, "alarm_alteration_days", _number),
        report_from=_read(known, "alarm_report_from", _month_day),
        report_until=_read(known, "alarm_report_until", _month_day),
        least_partners=_read_each(known, "alarm_{}_partners", _FORMS, _number),
        certified_share=_read_each(known, "alarm_{}_certified", _FORMS, _fraction),
        least_practitioners=_read(known, "alarm_practitioners", _number),
        one_agency_from=_read_each(known, "alarm_one_agency_{}_from", _LINES, date.fromisoformat),
    )
    return law, {key: parameter.source for key, parameter in known.items()}


def source_key(kind: AlarmKind, practice_line: str, legal_form: str) -> str:
    """Key of the parameter whose source is the law behind an alarm."""
    if kind in ("partners", "certified"):
        return f"alarm_{legal_form}_{kind}"
    if kind == "two-agencies":
        return f"alarm_one_agency_{practice_line}_from"
    return {
        "filing": "alarm_filing_years",
        "alteration": "alarm_alteration_days",
        "report": "alarm_report_until",
        "practitioners": "alarm_practitioners",
    }[kind]


def _read(known: Mapping[str, Parameter], key: str, parse: Callable[[str], Value]) -> Value | None:
    """The value under `key`; None where nobody entered one."""
    text = known[key].value if key in known else ""
    if not text:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise InputError(
            "parameter.form",
            "the parameter {key} is {value}, which has not the form of its default; correct it at "
            "/admin/reference or leave it empty",
            key=key,
            value=text[:40],
        ) from error


def _read_each(
    known: Mapping[str, Parameter], pattern: str, names: tuple[str, ...], parse: Callable[[str], Value]
) -> dict[str, Value]:
    values = {name: _read(known, pattern.format(name), parse) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise ValueError(text)
    return int(text)


def _fraction(text: str) -> Fraction:
    if not re.fullmatch(r"[0-9]{1,4}/[1-9][0-9]{0,3}", text):
        raise ValueError(text)
    return Fraction(text)


def _month_day(text: str) -> MonthDay:
    """A day that every year has."""
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
        raise ValueError(text)
    day = date.fromisoformat(f"2027-{text}")
    return day.month, day.day
