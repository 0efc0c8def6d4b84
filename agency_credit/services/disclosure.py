"""What the public may see of credit records on a day: worked out from dates, whatever the daily job did.

Nobody sees a practitioner's record, one that was repaired or withdrawn, one whose class keeps it from the
public, and one whose time is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from agency_credit.database.tables import CaseStep, CreditRecord, RecordPublication
from agency_credit.domain.day import day_in_china
from agency_credit.domain.record import CreditRecord as KnownRecord
from agency_credit.scoring import (
    ChosenRows,
    DisclosureDays,
    PeriodTable,
    RecordDisclosure,
    RulePack,
    choose_rows,
    disclose_by,
)
from agency_credit.scoring.clause import Clause
from agency_credit.services.import_facts import StatedFacts, read_facts, state_later, to_facts
from agency_credit.services.import_work import in_chunks
from agency_credit.services.period_tables import find_period_tables
from agency_credit.services.record_history import fold_events
from agency_credit.services.reference import load_parameter
from agency_credit.services.rule_book import RuleBook, load_shelf

if TYPE_CHECKING:
    from agency_credit.services.office import Office

Hidden = tuple[frozenset[str], frozenset[str]]
"""Commitments of records that are gone, and of those others that the public may not see."""

MOST_DERIVED = 40
"""Days and areas whose rules are kept ready."""

_RECORDS = (
    'SELECT r."id", r."agency", r."practitioner", r."kind", r."document_number", r."decided_on",'
    ' r."authority", r."summary", r."evidence", r."known_at", r."category", r."procedure", r."sanctions",'
    ' r."severity", r."served_on", r."conduct_ended_on", r."corrects", s."commitment", p."published_on",'
    ' p."log_index", a."uscc" FROM "credit_record" r JOIN "record_salt" s ON s."record" = r."id"'
    ' JOIN "agency" a ON a."id" = r."agency"'
    ' LEFT JOIN "record_publication" p ON p."record" = r."id" WHERE {where} ORDER BY {order}'
)
_SHOWN_BEFORE = (
    'WITH RECURSIVE v("record", "before") AS (SELECT r."id", r."corrects" FROM "credit_record" r'
    ' WHERE r."corrects" IS NOT NULL AND {where} UNION SELECT v."record", c."corrects" FROM v'
    ' JOIN "credit_record" c ON c."id" = v."before" WHERE c."corrects" IS NOT NULL)'
    ' SELECT v."record", q."published_on" FROM v JOIN "record_publication" q ON q."record" = v."before"'
)
"""Since when the public saw what a record corrects: a correction begins no period of disclosure anew."""
_EVENTS = (
    'SELECT e."record", e."event", e."on", e."until", e."millipoints", e."facts_json", e."known_at"'
    ' FROM "record_event" e JOIN "credit_record" r ON r."id" = e."record" WHERE {where}'
    ' ORDER BY e."known_at", e."id"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """A record with what the public may see of it.

    Parameters
    ----------
    row
        Its columns, with `uscc` and `commitment`.
    record
        As scoring sees it, what befell it folded in.
    facts
        What was stated of it, at once or later.
    clause
        By which it counts today; None: no rule pack in force matches it.
    log_index
        Of the entry that published it; None: it is not in the log.
    """

    row: Mapping[str, Any]
    record: KnownRecord
    facts: StatedFacts
    clause: Clause | None
    disclosure: RecordDisclosure
    log_index: int | None

    @property
    def is_person(self) -> bool:
        """Of a practitioner: it is never public."""
        return self.row["practitioner"] is not None

    def is_gone(self, on: date) -> bool:
        """Whether it is repaired or withdrawn by the day `on`."""
        repaired_on, withdrawn_on = self.record.repaired_on, self.record.withdrawn_on
        is_repaired = repaired_on is not None and repaired_on <= on
        return is_repaired or (withdrawn_on is not None and withdrawn_on <= on)

    def is_suspended(self, on: date) -> bool:
        """Whether its effect is stayed on the day `on`."""
        return any(stay.contains(on) for stay in self.record.suspended)

    def is_public(self, on: date) -> bool:
        """Whether the public may see it on the day `on`."""
        return not self.is_person and not self.is_gone(on) and self.disclosure.is_public(on)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureRules:
    """What decides on disclosure on a day: period tables, and clauses by the words that they match."""

    tables: Sequence[PeriodTable]
    clauses: Mapping[str, Clause]
    _chosen: dict[tuple[object, ...], ChosenRows] = field(default_factory=dict, repr=False, compare=False)

    def choose(self, facts: StatedFacts, kind: str, *, is_person: bool) -> ChosenRows:
        """The rows that hold for a record; many records state the same few facts."""
        key = facts.category, facts.procedure, facts.sanctions, facts.severity, kind, is_person
        if key not in self._chosen:
            known, clause = to_facts(facts, is_person=is_person), self.clauses.get(kind)
            self._chosen[key] = choose_rows(known, self.tables, clause)
        return self._chosen[key]


async def load_disclosure_rules(office: Office, on: date) -> DisclosureRules:
    """The rules of disclosure on the day `on`."""
    shelf, area = await load_shelf(office), (await load_parameter("office_code")).value
    key = DisclosureRules, on, area
    if key not in shelf.derived:
        if len(shelf.derived) > MOST_DERIVED:
            shelf.derived.clear()
        shelf.derived[key] = _derive_rules(shelf.book, on, area)
    rules: DisclosureRules = shelf.derived[key]
    return rules


def _derive_rules(book: RuleBook, on: date, area: str) -> DisclosureRules:
    packs = book.in_force(RulePack, on)
    found: dict[str, Clause] = {}
    for clause in (clause for pack in packs for clause in pack.clauses):
        for kind in clause.record_kinds:
            if kind not in found or (found[kind].severity is None and clause.severity is not None):
                found[kind] = clause
    return DisclosureRules(tables=find_period_tables(book, on, area), clauses=found)


async def load_disclosures(office: Office, agency: int, on: date) -> dict[str, Disclosed]:
    """Records of an agency itself by their commitment, the newest decision first; forgotten ones are none.

    Parameters
    ----------
    on
        The day whose rules hold.
    """
    where = 'r."agency" = {} AND r."practitioner" IS NULL'
    return await _load(office, on, where, [agency], 'r."decided_on" DESC, r."id" DESC')


async def load_disclosed(office: Office, records: Collection[int], on: date) -> dict[str, Disclosed]:
    """Records with these numbers, whoever they are of, by commitment; otherwise as `load_disclosures`."""
    found: dict[str, Disclosed] = {}
    for chunk in in_chunks(sorted(records)):
        where = f'r."id" IN ({", ".join(["{}"] * len(chunk))})'
        found |= await _load(office, on, where, chunk, 'r."id"')
    return found


async def load_hidden(office: Office, agency: int) -> Hidden:
    """Commitments of an agency's own records: those that are gone, and those that the public may not see."""
    today = office.today()
    return find_hidden(await load_disclosures(office, agency, today), today)


def find_hidden(records: Mapping[str, Disclosed], on: date) -> Hidden:
    """As `load_hidden`, of records that were loaded."""
    gone = frozenset(name for name, one in records.items() if one.is_gone(on))
    return gone, frozenset(name for name, one in records.items() if not one.is_public(on)) - gone


async def load_undisclosed(office: Office, indexes: Collection[int]) -> frozenset[int]:
    """Which of these entries of the log publish, or name, a record that the public may not see today."""
    if not indexes:
        return frozenset()
    published = await RecordPublication.select(RecordPublication.record, RecordPublication.log_index).where(
        RecordPublication.log_index.is_in(list(indexes))
    )
    objected = await CaseStep.select(CaseStep.case.record.as_alias("record"), CaseStep.log_index).where(
        CaseStep.log_index.is_in(list(indexes)) & (CaseStep.case.kind == "objection")
    )
    if not published and not objected:
        return frozenset()
    today = office.today()
    found = await load_disclosed(office, {row["record"] for row in (*published, *objected)}, today)
    public = [one for one in found.values() if one.is_public(today)]
    shown = {one.log_index for one in public}
    about = {one.row["id"] for one in public}
    return frozenset(row["log_index"] for row in published) - shown | frozenset(
        row["log_index"] for row in objected if row["record"] not in about
    )


async def _load(
    office: Office, on: date, where: str, values: Sequence[object], order: str
) -> dict[str, Disclosed]:
    """Records under a condition, which is a constant of this module, with what befell them."""
    rows = await CreditRecord.raw(_RECORDS.replace("{where}", where).replace("{order}", order), *values)
    events: dict[int, list[Mapping[str, Any]]] = {}
    for event in await CreditRecord.raw(_EVENTS.replace("{where}", where), *values) if rows else []:
        events.setdefault(event["record"], []).append(event)
    rules = await load_disclosure_rules(office, on) if rows else None
    if any(row["corrects"] for row in rows):
        shown: dict[int, date] = {}
        for row in await CreditRecord.raw(_SHOWN_BEFORE.replace("{where}", where), *values):
            shown[row["record"]] = min(row["published_on"], shown.get(row["record"], row["published_on"]))
        rows = [{**row, "published_on": row["published_on"] or shown.get(row["id"])} for row in rows]
    return {
        row["commitment"]: _to_disclosed(row, events.get(row["id"], ()), rules)
        for row in rows
        if rules is not None
    }


def _to_disclosed(
    row: Mapping[str, Any], events: Iterable[Mapping[str, Any]], rules: DisclosureRules
) -> Disclosed:
    record = KnownRecord(
        record_id=row["commitment"],
        subject=row["uscc"],
        kind=row["kind"],
        decided_on=row["decided_on"],
        document=row["document_number"],
        authority=row["authority"],
        summary=row["summary"],
        evidence=row["evidence"] or None,
    )
    facts, is_person = read_facts(row), row["practitioner"] is not None

    def told(facts: StatedFacts, published_on: date | None) -> RecordDisclosure:
        days = DisclosureDays(
            decided_on=row["decided_on"], known_on=day_in_china(row["known_at"]), published_on=published_on
        )
        chosen = rules.choose(facts, row["kind"], is_person=is_person)
        return disclose_by(chosen, facts, days)

    found, published_on = told(facts, row["published_on"]), row["published_on"]
    for event in (event for event in events if event["event"] == "classified"):
        before, facts = found, state_later(facts, event["facts_json"])
        found = told(facts, published_on)
        if row["published_on"] is None and found.is_published and not before.is_published:
            published_on = max(day_in_china(event["known_at"]), found.first_on)  # nobody saw it before
            found = told(facts, published_on)
    return Disclosed(
        row=row,
        record=fold_events(record, events),
        facts=facts,
        clause=rules.clauses.get(row["kind"]),
        disclosure=found,
        log_index=row["log_index"],
    )
