"""The practitioners of an agency as its own desk shows them; their ratings only where their rule pack allows.

Nobody outside ever sees a tier beside the name of a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agency_credit.database.tables import PractitionerPost, Rating
from agency_credit.domain.role import Seat
from agency_credit.scoring import RulePack
from agency_credit.scoring.shown import ShowRule
from agency_credit.services.import_work import in_chunks
from agency_credit.services.office import Office
from agency_credit.services.rating import PRACTITIONER_SUBJECTS
from agency_credit.services.rule_book import load_rule_book


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRating:
    """The newest rating of a practitioner."""

    tier: str
    score: int
    rated_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPractitioner:
    """Somebody who practises at the agency according to the register.

    Parameters
    ----------
    rating
        None: there is none, or the agency may not see it.
    """

    name: str
    certificate: str
    status: str
    rating: PersonRating | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionersOfLine:
    """Those of one practice line, by certificate.

    Parameters
    ----------
    pack
        The rule pack that rates them today; None: none does.
    """

    practice_line: str
    people: Sequence[OwnPractitioner]
    pack: RulePack | None

    @property
    def rule(self) -> ShowRule | None:
        """What the pack says of showing their ratings to the agency; None: nothing."""
        return None if self.pack is None else self.pack.publication.shown_to_agency

    @property
    def is_rating_shown(self) -> bool:
        """Whether the agency sees their ratings."""
        return self.pack is not None and self.pack.publication.is_shown_to_agency


async def load_own_practitioners(office: Office, seat: Seat) -> tuple[PractitionersOfLine, ...]:
    """Everybody whom the agency at whose desk somebody sits claims as its own, by practice line.

    A rating is shown where the pack that made it allows that today; of the others none is even read.
    """
    people = await _load_people(seat.agency_id)
    packs = {pack.subject: pack for pack in (await load_rule_book(office)).in_force(RulePack, office.today())}
    lines = sorted({row["practice_line"] for row in people})
    found = {line: packs.get(PRACTITIONER_SUBJECTS[line]) for line in lines}
    shown = {line: pack for line, pack in found.items() if pack and pack.publication.is_shown_to_agency}
    ratings = await _load_ratings([row["id"] for row in people if row["practice_line"] in shown], shown)
    return tuple(
        PractitionersOfLine(
            practice_line=line,
            people=[
                OwnPractitioner(
                    name=row["name"],
                    certificate=row["certificate"],
                    status=row["status"],
                    rating=ratings.get(row["id"]),
                )
                for row in people
                if row["practice_line"] == line
            ],
            pack=found[line],
        )
        for line in lines
    )


async def _load_people(agency: int) -> list[dict[str, Any]]:
    person: Any = PractitionerPost.practitioner
    rows: list[dict[str, Any]] = await (
        PractitionerPost.select(
            person.id.as_alias("id"),
            person.name.as_alias("name"),
            person.certificate.as_alias("certificate"),
            person.practice_line.as_alias("practice_line"),
            person.status.as_alias("status"),
        )
        .where((PractitionerPost.agency == agency) & PractitionerPost.released_at.is_null())
        .order_by(person.certificate)
    )
    return rows


async def _load_ratings(people: Sequence[int], shown: Mapping[str, RulePack]) -> dict[int, PersonRating]:
    """The newest rating of each, where it was made by the pack of its practice line in `shown`."""
    ratings: dict[int, PersonRating] = {}
    for chunk in in_chunks(people):
        rows = await (
            Rating.select(
                Rating.practitioner,
                Rating.practice_line,
                Rating.pack_id,
                Rating.tier,
                Rating.score,
                Rating.rated_on,
            )
            .where(Rating.practitioner.is_in(list(chunk)))
            .order_by(Rating.id)
        )
        for row in rows:
            ratings.pop(row["practitioner"], None)
            pack = shown.get(row["practice_line"])
            if row["tier"] and pack is not None and pack.id == row["pack_id"]:
                ratings[row["practitioner"]] = PersonRating(
                    tier=row["tier"], score=row["score"], rated_on=row["rated_on"]
                )
    return ratings
