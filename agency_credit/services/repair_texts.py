"""What people write in an application for repair and in the decision about it, kept as one text of a step."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from agency_credit.domain.canonical import format_canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairTexts:
    """The texts of a step; empty: none of this kind was written, or it was forgotten.

    Parameters
    ----------
    pledge, statement
        Of the agency: its public pledge, and how it met the conditions.
    reason, next_reason
        Of the office: why, and why the agency may ask again from the day that is named.
    """

    pledge: str = ""
    statement: str = ""
    reason: str = ""
    next_reason: str = ""


def format_texts(texts: RepairTexts) -> str:
    """The texts that are there, as canonical JSON; empty where there is none."""
    said = {name: text for name, text in asdict(texts).items() if text}
    return format_canonical(said).decode() if said else ""


def parse_texts(text: str) -> RepairTexts:
    """The way back."""
    return RepairTexts(**json.loads(text)) if text else RepairTexts()
