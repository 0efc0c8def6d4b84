"""Lists of inspections by other bodies: rows to inspections, and what they change about those known.

They count towards the annual cap of an agency, whoever came.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from operator import attrgetter

from agency_credit.database.tables import OtherInspection
from agency_credit.domain.canonical import digest, format_canonical
from agency_credit.services.import_header import Table
from agency_credit.services.import_inspectors import YES_NO
from agency_credit.services.import_records import note_unknown_agency
from agency_credit.services.import_register import load_agency_ids
from agency_credit.services.import_row import ReadList, ReadRow, RowReader, collect_codes, read_rows
from agency_credit.services.import_work import ImportTask, ImportWork, in_chunks, list_states

KIND_WORDS = {
    "日常": "routine",
    "日常检查": "routine",
    "专项": "special",
    "专项检查": "special",
    "个案": "case",
    "个案检查": "case",
}

Key = tuple[str, date, str, str]
"""What makes an inspection the same: agency, day, authority, document number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionState:
    """An inspection by another body, as its list has it.

    Parameters
    ----------
    kind
        routine, special or case.
    is_lead_based
        On a complaint, a report or a transferred case.
    items
        What was inspected.
    """

    uscc: str
    inspected_on: date
    authority: str
    document_number: str
    kind: str
    is_on_site: bool
    is_lead_based: bool
    items: str

    @property
    def key(self) -> Key:
        """What makes it the same inspection."""
        return self.uscc, self.inspected_on, self.authority, self.document_number

    @property
    def subject(self) -> str:
        """The same in one short text, under which an import keeps it for undoing."""
        named = digest(format_canonical({"authority": self.authority, "document": self.document_number}))
        return f"{self.uscc} {self.inspected_on.isoformat()} {named}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionRow:
    """One row; `is_lead_based` is None, and `items` empty, where the cell was empty."""

    uscc: str
    inspected_on: date
    authority: str
    document_number: str
    kind: str
    is_on_site: bool
    is_lead_based: bool | None
    items: str

    @property
    def key(self) -> Key:
        """What makes it the same inspection."""
        return self.uscc, self.inspected_on, self.authority, self.document_number

    def lay_over(self, before: InspectionState | None) -> InspectionState:
        """The inspection after this row; a blank cell erases nothing, and in a new one says no."""
        was_lead_based, items = (before.is_lead_based, before.items) if before else (False, "")
        return InspectionState(
            uscc=self.uscc,
            inspected_on=self.inspected_on,
            authority=self.authority,
            document_number=self.document_number,
            kind=self.kind,
            is_on_site=self.is_on_site,
            is_lead_based=was_lead_based if self.is_lead_based is None else self.is_lead_based,
            items=self.items or items,
        )


async def prepare_inspections(task: ImportTask) -> ImportWork:
    """Inspections by other bodies: read, held against the register and against those known."""
    agencies = await load_agency_ids(collect_codes(task.tables, "uscc"))
    found = read_inspections(task.tables, frozenset(agencies), task.today)
    known = await _load_known({row.value.uscc for row in found.rows})
    states = plan_inspections(found.rows, known)
    former = {state.subject: state for state in known.values()}
    return ImportWork(
        outcomes=found.outcomes(),
        store=partial(_store_inspections, states, agencies, task),
        list_stored=partial(list_states, former, states, attrgetter("subject")),
    )


def read_inspections(
    tables: Sequence[Table], agencies: frozenset[str], today: date
) -> ReadList[InspectionRow]:
    """Rows of a list of inspections; the agency must be known, the day not in the future."""
    return read_rows(
        tables,
        lambda reader: _parse_inspection(reader, agencies, today),
        key=lambda row: row.key,
        key_field="document_number",
    )


def plan_inspections(
    rows: Sequence[ReadRow[InspectionRow]], known: Mapping[Key, InspectionState]
) -> list[InspectionState]:
    """Inspections that are new or change."""
    states: list[InspectionState] = []
    for row in rows:
        before = known.get(row.value.key)
        after = row.value.lay_over(before)
        row.settle(before, after, _cells)
        if before != after:
            states.append(after)
    return states


def _cells(state: InspectionState) -> dict[str, str]:
    """What a row could say of the inspection, by column."""
    return {
        "uscc": state.uscc,
        "inspected_on": state.inspected_on.isoformat(),
        "authority": state.authority,
        "document_number": state.document_number,
        "kind": state.kind,
        "is_on_site": "yes" if state.is_on_site else "no",
        "is_lead_based": "yes" if state.is_lead_based else "no",
        "items": state.items,
    }


def _parse_inspection(reader: RowReader, agencies: frozenset[str], today: date) -> InspectionRow | None:
    uscc = reader.uscc()
    if uscc and uscc not in agencies:
        note_unknown_agency(reader, uscc)
    inspected_on = reader.day("inspected_on", until=today)
    authority, kind = reader.text("authority"), reader.word("kind", KIND_WORDS)
    on_site, lead_based = reader.word("is_on_site", YES_NO), reader.word("is_lead_based", YES_NO)
    document = reader.text("document_number").replace(" ", "")
    items = reader.text("items")
    if reader.has_error or inspected_on is None:
        return None
    return InspectionRow(
        uscc=uscc,
        inspected_on=inspected_on,
        authority=authority,
        document_number=document,
        kind=kind,
        is_on_site=on_site == "yes",
        is_lead_based=lead_based == "yes" if lead_based else None,
        items=items,
    )


async def _load_known(usccs: set[str]) -> dict[Key, InspectionState]:
    known: dict[Key, InspectionState] = {}
    for chunk in in_chunks(sorted(usccs)):
        rows = await OtherInspection.select(
            OtherInspection.agency.uscc.as_alias("uscc"), *_IDENTITY, *_CHANGEABLE
        ).where(OtherInspection.agency.uscc.is_in(list(chunk)))
        states = [InspectionState(**row) for row in rows]
        known |= {state.key: state for state in states}
    return known


_IDENTITY = (
    OtherInspection.inspected_on,
    OtherInspection.authority,
    OtherInspection.document_number,
)
_CHANGEABLE = (
    OtherInspection.kind,
    OtherInspection.is_on_site,
    OtherInspection.is_lead_based,
    OtherInspection.items,
)


async def _store_inspections(
    states: Sequence[InspectionState], agencies: Mapping[str, int], task: ImportTask, run: int
) -> None:
    """One that is known keeps the run and the instant through which it became known."""
    rows = [
        OtherInspection(
            agency=agencies[state.uscc],
            inspected_on=state.inspected_on,
            authority=state.authority,
            document_number=state.document_number,
            kind=state.kind,
            is_on_site=state.is_on_site,
            is_lead_based=state.is_lead_based,
            items=state.items,
            import_run=run,
            known_at=task.at,
        )
        for state in states
    ]
    for chunk in in_chunks(rows):
        await OtherInspection.insert(*chunk).on_conflict(
            target=(OtherInspection.agency, *_IDENTITY), action="DO UPDATE", values=list(_CHANGEABLE)
        )


async def load_inspection_states(subjects: Collection[str]) -> dict[str, InspectionState]:
    """What is known of these inspections, by `InspectionState.subject`."""
    known = await _load_known({subject.partition(" ")[0] for subject in subjects})
    return {state.subject: state for state in known.values() if state.subject in subjects}


async def restore_inspections(states: Mapping[str, InspectionState | None]) -> None:
    """Put inspections back to what they were; None: the inspection is removed."""
    now = await load_inspection_states(list(states))
    agencies = await load_agency_ids({state.uscc for state in now.values()})
    for subject, state in now.items():
        former = states[subject]
        row = (
            (OtherInspection.agency == agencies[state.uscc])
            & (OtherInspection.inspected_on == state.inspected_on)
            & (OtherInspection.authority == state.authority)
            & (OtherInspection.document_number == state.document_number)
        )
        if former is None:
            await OtherInspection.delete().where(row)
            continue
        await OtherInspection.update(
            {
                OtherInspection.kind: former.kind,
                OtherInspection.is_on_site: former.is_on_site,
                OtherInspection.is_lead_based: former.is_lead_based,
                OtherInspection.items: former.items,
            }
        ).where(row)
