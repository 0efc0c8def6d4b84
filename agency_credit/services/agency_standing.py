"""How an agency stands with its filings, partners and reports: what its lists said, and what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agency_credit.database.tables import AgencyPractice, PractitionerPost
from agency_credit.services.alarms import Alarm, load_alarms
from agency_credit.services.office import Office
from agency_credit.services.register import load_agency_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What lists said of an agency beside its name, and the alarms about it.

    Parameters
    ----------
    practices
        Rows of the practice lines: filing, latest change, latest annual report.
    n_practitioners
        Who practises there according to the register; None: no list ever named anybody there.
    """

    legal_form: str
    n_partners: int | None
    n_certified_partners: int | None
    n_practitioners: int | None
    practices: Sequence[Mapping[str, Any]]
    alarms: tuple[Alarm, ...]


async def load_standing(office: Office, uscc: str) -> Standing:
    """How an agency stands today.

    Raises
    ------
    NotFoundError
        No agency has this code.
    """
    row = await load_agency_row(uscc)
    practices = await (
        AgencyPractice.select()
        .where(AgencyPractice.agency == row["id"])
        .order_by(AgencyPractice.practice_line)
    )
    posts = await PractitionerPost.select(PractitionerPost.released_at).where(
        PractitionerPost.agency == row["id"]
    )
    return Standing(
        legal_form=row["legal_form"],
        n_partners=row["n_partners"],
        n_certified_partners=row["n_certified_partners"],
        n_practitioners=sum(post["released_at"] is None for post in posts) if posts else None,
        practices=practices,
        alarms=(await load_alarms(office, uscc)).alarms,
    )
