"""Where a rule or a value comes from, and how sure we are of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One statement in both languages."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """The Chinese or the English text."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A place in an instrument: its name or number, the article, the row of its annex."""

    instrument: str
    article: str | None = None
    annex: str | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.instrument, self.article, self.annex) if part)


class Status(StrEnum):
    """How a value came to be known."""

    FOUND = "found"
    """Read in a copy of the text, or in a digest of it, that `Provenance.source` names."""

    UNVERIFIED = "unverified"
    """Not found; from memory, by analogy, or left open."""

    ENTERED = "entered"
    """Entered by an office that has the text before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Status of a value and its source; `entered_by` and `entered_on` for entered values only."""

    status: Status
    source: str
    entered_by: str | None = None
    entered_on: date | None = None
