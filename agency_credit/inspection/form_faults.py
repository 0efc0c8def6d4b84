"""What is wrong with a record form in itself; whether days and codes exist, the service asks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import datetime

from agency_credit.domain.errors import Fault
from agency_credit.domain.record_form import ANSWERS, METHODS, FormDetails, FormLine

LONGEST_TEXT = 4000
LONGEST_LINE = 500
MOST_LINES = 200


def find_detail_faults(details: FormDetails, today: str) -> Iterator[Fault]:
    """Everything that a whole form lacks.

    Parameters
    ----------
    today
        The day in China, as in ``advised_at``; nobody was advised later than that.
    """
    if not details.place:
        yield _fault("place", "record.place", "write down where the inspection took place")
    if not details.methods or set(details.methods) - set(METHODS):
        yield _fault("methods", "record.methods", "choose how the inspection was made")
    yield from _find_advice_faults(details.advised_at, today)
    for line in details.lines:
        yield from _find_line_faults(line)


def find_text_faults(texts: dict[str, str]) -> Iterator[Fault]:
    """Texts that are too long or hold what cannot be printed; by field."""
    for field, text in texts.items():
        if len(text) > LONGEST_TEXT:
            yield _fault(field, "form.long", "write at most {n} characters", n=LONGEST_TEXT)
        if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in text):
            yield _fault(
                field, "form.control", "there is a character here that cannot be printed; type it anew"
            )


def _find_advice_faults(advised_at: str, today: str) -> Iterator[Fault]:
    try:
        datetime.fromisoformat(advised_at)
        is_known = len(advised_at) == len("2026-12-04T09:30") and advised_at[:10] <= today
    except ValueError:
        is_known = False
    if not is_known:
        yield _fault(
            "advised_at",
            "record.advice",
            "say when the agency was shown the certificates and told of its rights; not later than now",
        )


def _find_line_faults(line: FormLine) -> Iterator[Fault]:
    if line.answer not in ANSWERS:
        yield _fault(
            f"line-{line.code}",
            "record.line",
            "answer {title}: met, not met or not applicable",
            title=line.title,
        )
    elif line.answer == "not-met" and not line.remark:
        yield _fault(
            f"line-{line.code}", "record.line-remark", "describe what is not met: {title}", title=line.title
        )


def _fault(at: str, code: str, template: str, /, **params: str | int) -> Fault:
    return Fault(at=at, code=code, template=template, params=params)
