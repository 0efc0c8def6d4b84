"""Putting the register back to what it said before a list came, a kind of list at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agency_credit.database.tables import (
    Agency,
    AgencyPractice,
    Inspector,
    Practitioner,
    PractitionerPost,
    Rating,
)
from agency_credit.domain.errors import Fault
from agency_credit.services.import_agencies import AgencyChanges, AgencyState
from agency_credit.services.import_inspections import (
    InspectionState,
    load_inspection_states,
    restore_inspections,
)
from agency_credit.services.import_inspectors import InspectorState
from agency_credit.services.import_people import (
    load_inspector_states,
    load_practitioner_states,
    store_inspectors,
    store_practitioners,
)
from agency_credit.services.import_practitioners import PractitionerChanges, PractitionerState
from agency_credit.services.import_recusal_store import load_recusal_states, restore_recusals
from agency_credit.services.import_recusals import KnownRecusal
from agency_credit.services.import_references import find_frames, find_references
from agency_credit.services.import_register import (
    load_agency_codes,
    load_agency_ids,
    load_agency_states,
    store_agencies,
)
from agency_credit.services.import_work import in_chunks

States = Mapping[str, Any]
"""State by subject; None: it is to be removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """How a kind of list is undone.

    Parameters
    ----------
    state
        What `StoredChange` holds of a subject of this kind.
    load
        What the register says of subjects now.
    find_faults
        What stands in the way of putting subjects back to these states.
    restore
        Puts them back, within the transaction of the caller.
    """

    state: type[Any]
    load: Callable[[Collection[str]], Awaitable[Mapping[str, Any]]]
    find_faults: Callable[[States, States], Awaitable[list[Fault]]]
    restore: Callable[[States, datetime], Awaitable[None]]


async def _find_agency_faults(before: States, after: States) -> list[Fault]:
    new = [uscc for uscc, state in before.items() if state is None]
    ids = await load_agency_ids(new)
    subjects = {number: uscc for uscc, number in ids.items()}
    faults = await find_references(Agency, subjects, ignored=("agency_practice",))
    faults += await find_frames(new)
    for uscc, state in before.items():
        gone = set() if state is None else set(after[uscc].practices) - set(state.practices)
        for line in sorted(gone):
            if await Rating.exists().where((Rating.agency.uscc == uscc) & (Rating.practice_line == line)):
                faults.append(Fault(at=uscc, code="import.undo-rating", template="a rating rests on it"))
    return faults + await _find_taken_codes(before)


async def _find_taken_codes(before: States) -> list[Fault]:
    """Agency codes that subjects had before and others, which are not put back with them, have now."""
    former = {
        (line, practice.agency_code): uscc
        for uscc, state in before.items()
        if state is not None
        for line, practice in state.practices.items()
        if practice.agency_code
    }
    owners = await load_agency_codes({code for _, code in former})
    return [
        Fault(
            at=uscc,
            code="import.undo-code",
            template="its former agency code {found} is that of another agency ({owner}) now",
            params={"found": key[1], "owner": owners[key]},
        )
        for key, uscc in former.items()
        if key in owners and owners[key] != uscc and owners[key] not in before
    ]


async def _restore_agencies(states: States, at: datetime) -> None:
    ids = await load_agency_ids(states)
    former = {uscc: state for uscc, state in states.items() if state is not None}
    orphans = [ids[uscc] for uscc in states if uscc not in former or former[uscc].parent is None]
    gone = [ids[uscc] for uscc in states if uscc not in former]
    for chunk in in_chunks(orphans):
        await Agency.update({Agency.branch_of: None}).where(Agency.id.is_in(list(chunk)))
    for chunk in in_chunks(gone):
        await AgencyPractice.delete().where(AgencyPractice.agency.is_in(list(chunk)))
        await Agency.delete().where(Agency.id.is_in(list(chunk)))
    await store_agencies(AgencyChanges(new={}, changed=former), at, 0)
    for uscc, state in former.items():
        await AgencyPractice.delete().where(
            (AgencyPractice.agency == ids[uscc])
            & AgencyPractice.practice_line.not_in([*state.practices, "none"])
        )


async def _find_practitioner_faults(before: States, _after: States) -> list[Fault]:
    subjects = await _practitioner_ids([key for key, state in before.items() if state is None])
    return await find_references(Practitioner, subjects, ignored=("practitioner_post",))


async def _practitioner_ids(certificates: Collection[str]) -> dict[int, str]:
    ids: dict[int, str] = {}
    for chunk in in_chunks(sorted(certificates)):
        rows = await Practitioner.select(Practitioner.id, Practitioner.certificate).where(
            Practitioner.certificate.is_in(list(chunk))
        )
        ids |= {row["id"]: row["certificate"] for row in rows}
    return ids


async def _restore_practitioners(states: States, at: datetime) -> None:
    now = await load_practitioner_states(states)
    ids = {certificate: number for number, certificate in (await _practitioner_ids(states)).items()}
    gone = [ids[key] for key, state in states.items() if state is None]
    for chunk in in_chunks(gone):
        await PractitionerPost.delete().where(PractitionerPost.practitioner.is_in(list(chunk)))
        await Practitioner.delete().where(Practitioner.id.is_in(list(chunk)))
    changes = PractitionerChanges(states={key: state for key, state in states.items() if state is not None})
    await store_practitioners(changes, at, 0)
    for key, state in changes.states.items():
        await _restore_posts(ids[key], now[key].posts, state.posts)


async def _restore_posts(practitioner: int, now: frozenset[str], former: frozenset[str]) -> None:
    agencies = await load_agency_ids(now ^ former)
    for uscc, agency in agencies.items():
        here = (PractitionerPost.practitioner == practitioner) & (PractitionerPost.agency == agency)
        if uscc in former:
            await PractitionerPost.update({PractitionerPost.released_at: None}).where(here)
        else:
            await PractitionerPost.delete().where(here)


async def _find_inspector_faults(before: States, _after: States) -> list[Fault]:
    subjects = {
        row["id"]: row["certificate"]
        for chunk in in_chunks([key for key, state in before.items() if state is None])
        for row in await Inspector.select(Inspector.id, Inspector.certificate).where(
            Inspector.certificate.is_in(list(chunk))
        )
    }
    return await find_references(Inspector, subjects)


async def _restore_inspectors(states: States, _at: datetime) -> None:
    gone = [key for key, state in states.items() if state is None]
    for chunk in in_chunks(gone):
        await Inspector.delete().where(Inspector.certificate.is_in(list(chunk)))
    await store_inspectors([state for state in states.values() if state is not None], 0)


async def _find_recusal_faults(_before: States, _after: States) -> list[Fault]:
    return []  # what a second person approved differs from what the list left: that is asked of every kind


async def _restore_recusals(states: States, _at: datetime) -> None:
    await restore_recusals(states)


async def _find_inspection_faults(_before: States, _after: States) -> list[Fault]:
    return []  # nothing refers to one; a draw that counted it keeps its own list of who was left out


async def _restore_inspections(states: States, _at: datetime) -> None:
    await restore_inspections(states)


UNDOABLE = {
    "agencies": Undoable(
        state=AgencyState,
        load=load_agency_states,
        find_faults=_find_agency_faults,
        restore=_restore_agencies,
    ),
    "practitioners": Undoable(
        state=PractitionerState,
        load=load_practitioner_states,
        find_faults=_find_practitioner_faults,
        restore=_restore_practitioners,
    ),
    "inspectors": Undoable(
        state=InspectorState,
        load=load_inspector_states,
        find_faults=_find_inspector_faults,
        restore=_restore_inspectors,
    ),
    "recusals": Undoable(
        state=KnownRecusal,
        load=load_recusal_states,
        find_faults=_find_recusal_faults,
        restore=_restore_recusals,
    ),
    "inspections": Undoable(
        state=InspectionState,
        load=load_inspection_states,
        find_faults=_find_inspection_faults,
        restore=_restore_inspections,
    ),
}
