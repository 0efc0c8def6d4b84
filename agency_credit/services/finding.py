"""What a check of `agency-credit doctor` answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from agency_credit.domain.errors import AgencyCreditError
from agency_credit.settings import Settings

State = Literal["ok", "warning", "fault"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence: English template and what goes into its places."""

    template: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer of one check.

    Parameters
    ----------
    check
        Which.
    says
        What was found, and what it means.
    advice
        What to do; None where nothing is.
    """

    check: str
    state: State
    says: Told
    advice: Told | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is looked at: settings, the environment they come from, the time."""

    settings: Settings
    environment: Mapping[str, str]
    now: datetime


def describe_failure(check: str, error: AgencyCreditError) -> Finding:
    """A check that ended with an error of ours, which says what to do by itself."""
    return Finding(check=check, state="fault", says=Told(template=error.template, params=error.params))
