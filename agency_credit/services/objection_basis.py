"""What an objection rests on: its record, its texts and files, the day promised, the change proposed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import ConflictError, Fault, FaultsError, NotFoundError, RefusedError
from agency_credit.inspection.objection_states import Made, ObjectionStep, Verdict
from agency_credit.publication.masking import find_personal_number
from agency_credit.services.calendar import add_working_days
from agency_credit.services.case_files import CaseUpload, CleanFile, clean_case_files
from agency_credit.services.case_store import Case, CaseFilter, Kind, load_case, load_cases, unknown_case
from agency_credit.services.office import Office
from agency_credit.services.record_change import (
    KnownRecord,
    RecordChange,
    load_known_record,
    read_record_change,
)
from agency_credit.services.supervision import load_value

KIND: Kind = "objection"
OWN, OTHERS = "objection-own", "objection-others"
"""What the profile calls the working days: for a matter of the office's own, and where others must check."""
LONGEST = 4000
"""Characters of grounds and of reasons."""
PARTLY = ("assessed", "corrected")
"""How a record may be changed where an objection is upheld in part."""
WORDED = "worded"
"""The step before a proposal that holds the wording of a corrected record, as text that can be forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A verdict as somebody proposes it.

    Parameters
    ----------
    change
        What becomes of the record where the objection is upheld in part (`PARTLY`); else None.
    """

    verdict: Verdict
    reasons: str
    change: RecordChange | None = None


async def load_own_objection(agency: int, number: int) -> Case:
    """An objection of the agency with this number in the register.

    Raises
    ------
    NotFoundError
        No such objection, or one of another agency: nobody learns which.
    """
    case = await load_case(number, KIND)
    if case.agency != agency:
        raise unknown_case(number)
    return case


async def load_standing_record(case: Case) -> KnownRecord | None:
    """The record that a case is about; None: it fell, was repaired, or is forgotten."""
    try:
        known = await load_known_record(case.commitment)
    except NotFoundError:
        return None
    has_fallen = known.record.withdrawn_on is not None or known.record.repaired_on is not None
    return None if has_fallen else known


def change_proposed(case: Case) -> RecordChange | None:
    """What the last proposal says of the record; None: it stays as it is."""
    proposed = case.last(ObjectionStep.PROPOSED)
    if proposed is None or "event" not in proposed.details:
        return None
    texts = None
    if proposed.details["event"] == "corrected":
        worded = case.last(WORDED)
        texts = json.loads(worded.text) if worded is not None and worded.text else {}
    return read_record_change({**proposed.details, "texts": texts})


def history_of(case: Case) -> list[Made]:
    """The steps of an objection as the state table knows them."""
    return [
        Made(step=ObjectionStep(step.step), by=step.by, due_on=step.due_on)
        for step in case.steps
        if step.step != WORDED
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What was sent, clean, and everything that is wrong with it."""

    files: tuple[CleanFile, ...]
    faults: tuple[Fault, ...]

    def refuse_faults(self) -> None:
        """Refuse what is wrong, inside the operation, so that the attempt leaves its audit line.

        Raises
        ------
        FaultsError
            All of it at once.
        """
        if self.faults:
            raise FaultsError(KIND, self.faults)


async def look_at_entered(office: Office, field: str, text: str, uploads: Sequence[CaseUpload]) -> Entered:
    """Look at text and files before the operation: pictures take time, in which others may go on."""
    faults = _find_text_faults(field, text)
    files: tuple[CleanFile, ...] = ()
    try:
        files = await clean_case_files(office, uploads)
    except FaultsError as error:
        faults = [*faults, *error.faults]
    return Entered(files=files, faults=tuple(faults))


def check_text(field: str, text: str) -> None:
    """Refuse a text that is missing, too long, or holds a personal number."""
    Entered(files=(), faults=tuple(_find_text_faults(field, text))).refuse_faults()


def _find_text_faults(field: str, text: str) -> list[Fault]:
    if not text.strip():
        return [Fault(at=field, code="form.missing", template="this field is empty; fill it in")]
    if len(text) > LONGEST:
        return [
            Fault(at=field, code="form.long", template="write at most {n} characters", params={"n": LONGEST})
        ]
    if find_personal_number(text):
        return [
            Fault(
                at=field,
                code="objection.personal",
                template="there is an identity or telephone number in it; take it out",
            )
        ]
    return []


async def load_own_record(agency: int, record: str) -> KnownRecord:
    known = await load_known_record(record)
    if known.row["agency"] != agency or known.row["practitioner"] is not None:
        raise NotFoundError(
            "record.unknown", "there is no record {record}; look for it again", record=record[:64]
        )
    return known


def refuse_fallen(known: KnownRecord) -> None:
    for day, template in (
        (known.record.withdrawn_on, "the record does not stand since {day}; there is nothing to object to"),
        (known.record.repaired_on, "the record is repaired since {day}; there is nothing to object to"),
    ):
        if day is not None:
            raise RefusedError("objection.record-gone", template, day=day.isoformat())


async def refuse_second(uscc: str, record: int) -> None:
    page = await load_cases(CaseFilter(kind=KIND, record=record, limit=1))
    if page.cases:
        number = page.cases[0].number
        raise ConflictError(
            "objection.second",
            "an objection to this record is open already, number {n}; wait for its decision",
            n=number,
            link=f"/desk/{uscc}/objections/{number}",
        )


async def promise_day(office: Office, start: date, key: str) -> tuple[date | None, dict[str, Json]]:
    """The day promised, with what it rests on; None where the profile says nothing."""
    value = await load_value(office, key)
    days = None if value is None else value.value
    if days is None:
        return None, {"days": None, "provisional": False, "rule": key}
    due_on, is_provisional = await add_working_days(office, start, days)
    return due_on, {"days": days, "provisional": is_provisional, "rule": key}


def change_of(proposal: Proposal, known: KnownRecord | None) -> RecordChange | None:
    """What a proposal does to the record; upheld, it is withdrawn from the day of its decision on."""
    change = proposal.change
    if proposal.verdict is Verdict.PARTLY:
        if known is None or change is None or change.event not in PARTLY:
            raise FaultsError(
                KIND,
                (
                    Fault(
                        at="event",
                        code="objection.change",
                        template="say how the record changes: other points, or a corrected text",
                    ),
                ),
            )
        return change
    if proposal.verdict is Verdict.UPHELD and known is not None:
        return RecordChange(event="withdrawn", on=known.record.decided_on)
    return None
