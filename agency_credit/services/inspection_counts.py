"""How often an agency was inspected in a year, by this office and by every other body (R10).

The annual cap counts them all, whoever came. What a lead gave rise to is shown and not counted; whether
only visits on the spot count is a value of the profile, ``annual-cap-on-site-only``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agency_credit.database.tables import InspectionResult, OtherInspection
from agency_credit.services.draw_task import JOINT
from agency_credit.services.office import Office
from agency_credit.services.reference import load_parameter
from agency_credit.services.supervision import load_value

_INSPECTION: Any = InspectionResult.inspection
ON_SITE_ONLY = "annual-cap-on-site-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An inspection that took place.

    Parameters
    ----------
    kind
        ``"draw"`` or ``"lead"`` for our own, else as in the list of the other body: routine, special, case.
    is_lead_based
        On a complaint, a transferred case or a finding in data: outside the cap, and marked.
    is_own
        By this office, through this program.
    """

    agency: int
    on: date
    authority: str
    kind: str
    is_on_site: bool
    is_lead_based: bool
    is_own: bool
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The visits of an agency in a year, and those of them that the cap counts."""

    visits: tuple[Visit, ...] = ()
    counted: tuple[Visit, ...] = ()

    @property
    def n_counted(self) -> int:
        """How many the cap counts."""
        return len(self.counted)

    @property
    def n_leads(self) -> int:
        """How many a lead gave rise to."""
        return sum(visit.is_lead_based for visit in self.visits)

    @property
    def by_authority(self) -> dict[str, int]:
        """How many of the counted each body made, by its name."""
        return dict(sorted(Counter(visit.authority for visit in self.counted).items()))

    def describe(self) -> str:
        """The counted ones as a plan publishes them: ``2次（甲局1次、乙局1次）``."""
        bodies = "、".join(f"{authority}{n}次" for authority, n in self.by_authority.items())
        return f"{self.n_counted}次" + (f"（{bodies}）" if bodies else "")


NO_VISITS = Tally()


async def load_tallies(office: Office, year: int) -> Mapping[int, Tally]:
    """The visits of a calendar year, by the number of the agency."""
    rule = await load_value(office, ON_SITE_ONLY)
    return tally(await load_visits(year=year), is_on_site_only=bool(rule and rule.value))


def tally(visits: Iterable[Visit], *, is_on_site_only: bool) -> dict[int, Tally]:
    """Visits by agency, each in the order of days, and which of them the cap counts."""
    by_agency: dict[int, list[Visit]] = {}
    for visit in sorted(visits, key=lambda visit: (visit.on, visit.authority, visit.document)):
        by_agency.setdefault(visit.agency, []).append(visit)
    return {
        agency: Tally(
            visits=tuple(found),
            counted=tuple(
                visit
                for visit in found
                if not visit.is_lead_based and (visit.is_on_site or not is_on_site_only)
            ),
        )
        for agency, found in by_agency.items()
    }


async def load_visits(*, year: int | None = None, agency: int | None = None) -> tuple[Visit, ...]:
    """Visits of a calendar year, of an agency, or all: our own, then those by other bodies."""
    own = await _load_own(agency)
    others = await _load_others(agency)
    office_name = (await load_parameter("office_name")).value
    return tuple(
        visit for visit in join_visits(own, others, office_name) if year is None or visit.on.year == year
    )


def join_visits(own: Sequence[Visit], others: Sequence[Visit], office_name: str) -> list[Visit]:
    """Our visits and those of other lists; one of ours that another list tells of too is there once."""
    known = {(visit.agency, visit.on) for visit in own}
    ours = {office_name, *(body for visit in own for body in visit.authority.split(JOINT))}
    return [
        *own,
        *(visit for visit in others if visit.authority not in ours or (visit.agency, visit.on) not in known),
    ]


async def _load_own(agency: int | None) -> list[Visit]:
    query = InspectionResult.select(
        InspectionResult.inspection,
        InspectionResult.inspected_on,
        _INSPECTION.agency.as_alias("agency"),
        _INSPECTION.stream.as_alias("stream"),
        _INSPECTION.draw.authority.as_alias("authority"),
        _INSPECTION.draw.draw.as_alias("draw"),
    ).order_by(InspectionResult.version)
    if agency is not None:
        query = query.where(_INSPECTION.agency == agency)
    latest = {row["inspection"]: row for row in await query}  # a returned version may have had another day
    name = (await load_parameter("office_name")).value
    return [
        Visit(
            agency=row["agency"],
            on=row["inspected_on"],
            authority=row["authority"] or name,
            kind="lead" if row["stream"] == "lead" else "draw",
            is_on_site=True,
            is_lead_based=row["stream"] == "lead",
            is_own=True,
            document=row["draw"] or "",
        )
        for row in latest.values()
    ]


async def _load_others(agency: int | None) -> list[Visit]:
    query = OtherInspection.select().order_by(OtherInspection.id)
    if agency is not None:
        query = query.where(OtherInspection.agency == agency)
    return [
        Visit(
            agency=row["agency"],
            on=row["inspected_on"],
            authority=row["authority"],
            kind=row["kind"],
            is_on_site=row["is_on_site"],
            is_lead_based=row["is_lead_based"],
            is_own=False,
            document=row["document_number"],
        )
        for row in await query
    ]
