"""What can be wrong with a proposed change of a record; all of it is collected."""

from __future__ import annotations

import re
from datetime import date

from agency_credit.database.tables import CreditRecord as CreditRecordRow
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import Fault, FaultsError
from agency_credit.domain.period import Period
from agency_credit.domain.points import format_points
from agency_credit.domain.record import Category, CreditRecord, Procedure, Sanction
from agency_credit.scoring import RulePack, find_uncollected
from agency_credit.services.change_request import ChangeDraft
from agency_credit.services.import_facts import read_facts, state_later, to_facts
from agency_credit.services.import_records import LIST_KINDS
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation
from agency_credit.services.period_tables import load_fact_rules
from agency_credit.services.rating import load_agency_subjects, load_practitioner_subjects
from agency_credit.services.record_change import (
    EVENTS,
    TEXTS,
    KnownRecord,
    RecordChange,
    corrected_digest,
    corrected_row,
    keeps_identity,
    load_known_record,
    read_record_change,
)
from agency_credit.services.record_history import refuse_older_knowledge
from agency_credit.services.rule_book import RuleBook, load_rule_book

_DIGEST = re.compile(r"([0-9a-f]{64})?", re.ASCII)


async def check_record_change(op: Operation, draft: ChangeDraft) -> None:
    """Refuse what cannot be so, by what is known now.

    Raises
    ------
    NotFoundError
        There is no such record.
    FaultsError
        Everything that is wrong with it, each by its field.
    RefusedError
        Something became known later than now: the clock was set back.
    """
    await refuse_older_knowledge(op.at)
    known, change = await load_known_record(draft.subject), read_record_change(draft.payload)
    await check_change(op.office, known, change, day_in_china(op.at))


async def check_change(office: Office, known: KnownRecord, change: RecordChange, today: date) -> None:
    """Refuse what cannot be said of a record.

    Raises
    ------
    FaultsError
        Everything that is wrong with it, each by its field.
    """
    faults = _find_faults(known.record, change, today)
    book = await load_rule_book(office)
    if change.event == "assessed" and not faults:
        faults += await _find_assessment_faults(book, known, change.millipoints, today)
    if change.event == "classified" and not faults:
        faults += await _find_fact_faults(office, known, change)
    if change.event == "corrected" and not faults:
        faults += await _find_correction_faults(book, known, change, today)
    if faults:
        raise FaultsError("record", tuple(faults))


def _fault(at: str, code: str, template: str, /, **params: str | int) -> Fault:
    return Fault(at=at, code=code, template=template, params=params)


def _find_faults(record: CreditRecord, change: RecordChange, today: date) -> list[Fault]:
    if change.event not in EVENTS:
        return [_fault("event", "record.event", "choose one of {known}", known=", ".join(EVENTS))]
    if change.event == "erased":
        return []  # at any time, also where it does not stand any more
    faults = _find_day_faults(record, change, today)
    if record.withdrawn_on is not None:
        faults.append(
            _fault(
                "event",
                "record.withdrawn-already",
                "the record does not stand since {day}; nothing more can be said of it",
                day=record.withdrawn_on.isoformat(),
            )
        )
    elif change.event == "suspended" and change.on is not None:
        faults += _find_stay_faults(record, Period(first_on=change.on, last_on=change.until))
    if change.event == "assessed" and change.millipoints is None:
        faults.append(_fault("points", "record.no-points", "write the points that the authority set"))
    return faults


def _find_day_faults(record: CreditRecord, change: RecordChange, today: date) -> list[Fault]:
    on, faults = change.on, []
    if on is None:
        return (
            []
            if change.event in ("assessed", "classified")
            else [_fault("on", "record.no-day", "choose a day")]
        )
    if on < record.decided_on and change.event != "corrected":
        faults.append(
            _fault(
                "on",
                "record.before-decision",
                "{day} lies before the decision on {decided}; choose that day or a later one",
                day=on.isoformat(),
                decided=record.decided_on.isoformat(),
            )
        )
    elif on > today and change.event != "suspended":
        template = "{day} lies in the future; choose a day up to today"
        faults.append(Fault(at="on", code="record.future", template=template, params={"day": on.isoformat()}))
    elif change.event == "resumed" and not any(stay.contains(on) for stay in record.suspended):
        faults.append(
            _fault("on", "record.not-suspended", "the record is not suspended on {day}", day=on.isoformat())
        )
    return faults


def _find_stay_faults(record: CreditRecord, wanted: Period) -> list[Fault]:
    if wanted.last_on is not None and wanted.last_on < wanted.first_on:
        return [
            _fault(
                "until",
                "record.order",
                "the last day, {until}, lies before the first, {day}; choose that day or a later one",
                until=wanted.last_on.isoformat(),
                day=wanted.first_on.isoformat(),
            )
        ]
    return [
        _fault(
            "on",
            "record.overlap",
            "the record is suspended from {first} already; end that suspension first",
            first=stay.first_on.isoformat(),
        )
        for stay in record.suspended
        if stay.overlaps(wanted)
    ]


async def _find_assessment_faults(
    book: RuleBook, known: KnownRecord, millipoints: int | None, today: date
) -> list[Fault]:
    """By the packs of today that rate the subject: points belong to a range and lie within it."""
    if known.row["practitioner"] is None:
        subjects = await load_agency_subjects(known.subject)
    else:
        subjects = await load_practitioner_subjects(known.subject)
    packs = book.in_force(RulePack, today)
    instruments = {subject.instrument for subject in subjects}
    ranges: list[tuple[str, int, int]] = [
        (clause.code, *clause.bounds)
        for pack in packs
        if pack.subject in instruments
        for clause in pack.clauses
        if known.record.kind in clause.record_kinds and clause.bounds is not None
    ]
    if not ranges:
        return [
            _fault(
                "points",
                "record.no-range",
                "no clause in force today leaves the points of {kind} to an authority",
                kind=known.record.kind,
            )
        ]
    return [
        outside_range(code, low, high)
        for code, low, high in ranges
        if millipoints is None or not low <= millipoints <= high
    ]


def outside_range(clause: str, low: int, high: int) -> Fault:
    """What is said of points outside of what a clause leaves to an authority; bounds in thousandths."""
    return _fault(
        "points",
        "record.outside-range",
        "{clause} leaves from {low} to {high} points; write a number within",
        clause=clause,
        low=format_points(low),
        high=format_points(high),
    )


async def _find_correction_faults(
    book: RuleBook, known: KnownRecord, change: RecordChange, today: date
) -> list[Fault]:
    texts = change.texts or {}
    faults = [
        _fault(name, "form.long", "write at most {n} characters", n=length)
        for name, length in TEXTS.items()
        if len(texts.get(name, "")) > length
    ]
    if not _DIGEST.fullmatch(texts.get("evidence", "")):
        faults.append(
            _fault(
                "evidence",
                "record.evidence",
                "write the SHA-256 of the document, 64 hexadecimal digits, or nothing",
            )
        )
    kinds = book.record_kinds_on(today) | set(LIST_KINDS)
    kind = texts.get("kind", "")
    if kind not in kinds and kind != known.record.kind:
        faults.append(
            _fault("kind", "record.kind", "no rule knows {kind}; write the word of a rule", kind=kind[:100])
        )
    new = corrected_row(change)
    if all(new[name] == known.row[name] for name in new):
        faults.append(_fault("event", "record.same", "the correction changes nothing"))
    elif not keeps_identity(known, new) and await _is_there(corrected_digest(known, new)):
        faults.append(
            _fault(
                "document",
                "record.exists",
                "there is a record of this kind, document and day already; withdraw this one instead",
            )
        )
    return faults


async def _find_fact_faults(office: Office, known: KnownRecord, change: RecordChange) -> list[Fault]:
    """What is stated is a word that is known, and changes something."""
    said, rules = change.texts or {}, await load_fact_rules(office)
    facts = read_facts(known.row)
    for event in known.events:
        facts = state_later(facts, event["facts_json"]) if event["event"] == "classified" else facts
    words: dict[str, set[str]] = {
        "category": set(Category),
        "procedure": set(Procedure),
        "sanctions": set(Sanction),
        "severity": {row.name for table in rules.tables for row in table.periods},
    }
    faults = [
        _fault(name, "record.fact", "choose one of {known}", known=", ".join(sorted(known_words)))
        for name, known_words in words.items()
        if not set(said.get(name, "").split()) <= known_words
    ]
    served = said.get("served_on", "")
    if served and served < known.record.decided_on.isoformat():
        faults.append(
            _fault(
                "served_on",
                "record.before-decision",
                "{day} lies before the decision on {decided}; choose that day or a later one",
                day=served,
                decided=known.record.decided_on.isoformat(),
            )
        )
    stated = facts.cells()
    if not faults:
        later = state_later(facts, format_canonical(dict(said)).decode())
        is_person = known.row["practitioner"] is not None
        row = find_uncollected(to_facts(later, is_person=is_person), rules.tables)
        if row is not None:
            faults.append(
                _fault(
                    "procedure" if said.get("procedure") else "severity",
                    "record.not-collected",
                    "{citation}: {wording}; such a record is no credit item, withdraw it instead",
                    citation=str(row.citation),
                    wording=row.wording.zh,
                )
            )
    if not faults and all(stated[name] == text for name, text in said.items()):
        faults.append(_fault("event", "record.facts-same", "all of this is stated of the record already"))
    return faults


async def _is_there(record: str) -> bool:
    return bool(await CreditRecordRow.exists().where(CreditRecordRow.digest == record))
