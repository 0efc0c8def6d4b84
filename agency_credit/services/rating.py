"""Rate without storing: records + rule pack + day -> ledger, score, tier; as known now or earlier."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agency_credit.database.tables import Agency, AgencyPractice, Practitioner
from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.domain.ledger import Ledger
from agency_credit.domain.record import CreditRecord
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import RulePack, fit_assessments, score_ledger, score_of, tier_of
from agency_credit.services.import_work import in_chunks
from agency_credit.services.office import Office
from agency_credit.services.record_history import (
    end_of_day,
    load_agency_records,
    load_practitioner_records,
)
from agency_credit.services.rule_book import RuleBook, load_rule_book

SUBJECTS = {
    "patent": RatingSubject.PATENT_AGENCY,
    "trademark": RatingSubject.TRADEMARK_AGENCY,
}
"""Which instrument rates which practice line; a firm with both is rated under both."""
PRACTITIONER_SUBJECTS = {
    "patent": RatingSubject.PATENT_PRACTITIONER,
    "trademark": RatingSubject.TRADEMARK_PRACTITIONER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rateable:
    """Whom an instrument rates, in one practice line.

    Parameters
    ----------
    number
        Of the row of the agency or practitioner.
    agency
        Number of the agency; of a practitioner the one at which the person practises, None: none is known.
    code
        Unified social credit code, or certificate number.
    """

    number: int
    agency: int | None
    code: str
    name: str
    practice_line: str
    instrument: RatingSubject

    @property
    def is_practitioner(self) -> bool:
        """Whether it is a person, whose rating is never public."""
        return self.instrument in PRACTITIONER_SUBJECTS.values()

    @property
    def key(self) -> tuple[bool, int, str]:
        """Whom it is that is rated, and in which practice line: person or agency, number, line."""
        return self.is_practitioner, self.number, self.practice_line


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRating:
    """A rating in one practice line on one day, with the lines behind it; `subject` as in `Rateable.code`."""

    subject: str
    name: str
    practice_line: str
    pack: RulePack
    ledger: Ledger
    score: int
    tier: str


async def load_ratings(
    office: Office, on: date, uscc: str | None = None, known: date | None = None
) -> list[SubjectRating]:
    """Rate agencies on the day `on`: all in force, or the one with this code, in each practice line.

    Parameters
    ----------
    known
        With what was known at the end of this day in China, records and rules alike; None: with what is
        known now. Which agencies there are, and in which practice lines, is always as of now.

    Raises
    ------
    NotFoundError
        No agency has the code.
    InputError
        `on` lies after `known`, or `known` in the future; no instrument is in force.
    """
    check_days(office, on, known)
    subjects = await load_agency_subjects(uscc)
    if uscc is not None and not subjects:
        raise NotFoundError("agency.unknown", "there is no agency with the code {uscc}", uscc=uscc)
    packs, missing = find_packs(await load_rule_book(office), subjects, on, known)
    for error in missing.values():
        raise error
    ids = None if uscc is None else {subject.number for subject in subjects}
    records = await load_agency_records(ids, before=_before(known))
    return [rate(s, records.get(s.number, ()), packs[s.instrument], on) for s in subjects]


async def load_practitioner_ratings(
    office: Office, on: date, certificate: str | None = None, known: date | None = None
) -> tuple[list[SubjectRating], tuple[InputError, ...]]:
    """Rate practitioners, all who practise or one; otherwise as `load_ratings`.

    Returns
    -------
    ratings : list of SubjectRating
    notes : tuple of InputError
        Instruments that are missing on the day; those whom they would rate are left out.

    Raises
    ------
    NotFoundError
        No practitioner has the certificate.
    InputError
        `on` lies after `known`, or `known` in the future.
    """
    check_days(office, on, known)
    subjects = await load_practitioner_subjects(certificate)
    if certificate is not None and not subjects:
        raise NotFoundError(
            "practitioner.unknown",
            "there is no practitioner with the certificate {certificate}",
            certificate=certificate,
        )
    packs, missing = find_packs(await load_rule_book(office), subjects, on, known)
    ids = None if certificate is None else {subject.number for subject in subjects}
    records = await load_practitioner_records(ids, before=_before(known))
    ratings = [
        rate(s, records.get(s.number, ()), packs[s.instrument], on) for s in subjects if s.instrument in packs
    ]
    return ratings, tuple(missing.values())


def rate(subject: Rateable, records: Iterable[CreditRecord], pack: RulePack, on: date) -> SubjectRating:
    """The rating of one subject from its records."""
    ledger = score_ledger(fit_assessments(records, pack), pack, on)
    score = score_of(ledger)
    return SubjectRating(
        subject=subject.code,
        name=subject.name,
        practice_line=subject.practice_line,
        pack=pack,
        ledger=ledger,
        score=score,
        tier=tier_of(pack, score).name,
    )


def check_days(office: Office, on: date, known: date | None) -> None:
    """Refuse to rate with what nobody can have known.

    Raises
    ------
    InputError
        `known` lies in the future, or before `on`.
    """
    if known is None:
        return
    if known > office.today():
        raise InputError(
            "rating.known-future", "what will be known on {known} is not known yet", known=known.isoformat()
        )
    if on > known:
        raise InputError(
            "rating.known-before",
            "a rating on {on} as known on {known} is a forecast; take a day up to {known}",
            on=on.isoformat(),
            known=known.isoformat(),
        )


def find_packs(
    book: RuleBook, subjects: Iterable[Rateable], on: date, known: date | None = None
) -> tuple[dict[RatingSubject, RulePack], dict[RatingSubject, InputError]]:
    """The packs that rate these subjects on a day, and for each that is missing the error that names it."""
    packs: dict[RatingSubject, RulePack] = {}
    missing: dict[RatingSubject, InputError] = {}
    for instrument in sorted({subject.instrument for subject in subjects}):
        try:
            packs[instrument] = book.pack_on(instrument, on, known)
        except InputError as error:
            if error.code == "input.faults":
                raise
            missing[instrument] = error
    return packs, missing


async def load_agency_subjects(
    uscc: str | None = None, agencies: Collection[int] | None = None
) -> list[Rateable]:
    """Agencies in force, all or those with these numbers, or the one with this code, by code and line."""
    rows: list[dict[str, Any]] = []
    if uscc is not None:
        rows = await _agencies(Agency.uscc == uscc)
    elif agencies is None:
        rows = await _agencies(Agency.status == "in_force")
    else:
        for chunk in in_chunks(sorted(agencies)):
            rows += await _agencies(Agency.id.is_in(list(chunk)) & (Agency.status == "in_force"))
    by_id = {row["id"]: row for row in rows}
    practices = await _load_practices(None if uscc is None and agencies is None else by_id)
    found = [
        Rateable(
            number=row["agency"],
            agency=row["agency"],
            code=by_id[row["agency"]]["uscc"],
            name=by_id[row["agency"]]["name"],
            practice_line=row["practice_line"],
            instrument=SUBJECTS[row["practice_line"]],
        )
        for row in practices
        if row["agency"] in by_id
    ]
    return sorted(found, key=lambda subject: (subject.code, subject.practice_line))


async def load_practitioner_subjects(
    certificate: str | None = None, practitioners: Collection[int] | None = None
) -> list[Rateable]:
    """Practitioners who practise, all or those with these numbers, or the one with this certificate."""
    rows: list[dict[str, Any]] = []
    if certificate is not None:
        rows = await Practitioner.select().where(Practitioner.certificate == certificate)
    elif practitioners is None:
        rows = await Practitioner.select().where(Practitioner.status == "active")
    else:
        for chunk in in_chunks(sorted(practitioners)):
            rows += await Practitioner.select().where(
                Practitioner.id.is_in(list(chunk)) & (Practitioner.status == "active")
            )
    found = [
        Rateable(
            number=row["id"],
            agency=row["agency"],
            code=row["certificate"],
            name=row["name"],
            practice_line=row["practice_line"],
            instrument=PRACTITIONER_SUBJECTS[row["practice_line"]],
        )
        for row in rows
    ]
    return sorted(found, key=lambda subject: subject.code)


async def _agencies(condition: Any) -> list[dict[str, Any]]:
    return await Agency.select(Agency.id, Agency.uscc, Agency.name).where(condition)


async def _load_practices(agencies: Collection[int] | None) -> list[dict[str, Any]]:
    query = AgencyPractice.select(AgencyPractice.agency, AgencyPractice.practice_line)
    if agencies is None:
        return await query
    rows: list[dict[str, Any]] = []
    for chunk in in_chunks(sorted(agencies)):
        rows += await query.where(AgencyPractice.agency.is_in(list(chunk)))
    return rows


def _before(known: date | None) -> datetime | None:
    return None if known is None else end_of_day(known)
