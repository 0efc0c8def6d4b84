"""Loading from and storing in the register of agencies, in bulk: no query a row."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from pypinyin import Style, lazy_pinyin

from agency_credit.database.tables import Agency, AgencyPractice
from agency_credit.domain.canonical import format_canonical
from agency_credit.services.import_agencies import (
    AgencyChanges,
    AgencyCodes,
    AgencyContext,
    AgencyState,
    Practice,
    plan_agencies,
    read_agencies,
)
from agency_credit.services.import_row import collect_codes
from agency_credit.services.import_work import ImportTask, ImportWork, in_chunks, list_states
from agency_credit.services.reference import load_districts


async def prepare_agencies(task: ImportTask) -> ImportWork:
    """Agencies: read, laid over the register."""
    codes = await load_agency_codes(collect_codes(task.tables, "agency_code", "parent_code"))
    context = AgencyContext(
        districts=await load_districts(), practice_line=task.practice_line, today=task.today, codes=codes
    )
    found = read_agencies(task.tables, context)
    known = await load_agency_states({row.value.uscc for row in found.rows})
    changes = plan_agencies(found.rows, known, codes)
    return ImportWork(
        outcomes=found.outcomes(),
        store=partial(store_agencies, changes, task.at),
        list_stored=partial(
            list_states, known, [*changes.new.values(), *changes.changed.values()], attrgetter("uscc")
        ),
    )


async def load_agency_ids(usccs: Iterable[str]) -> dict[str, int]:
    """Ids of those agencies that the register has, by unified social credit code."""
    ids: dict[str, int] = {}
    for chunk in in_chunks(sorted(set(usccs))):
        rows = await Agency.select(Agency.id, Agency.uscc).where(Agency.uscc.is_in(list(chunk)))
        ids |= {row["uscc"]: row["id"] for row in rows}
    return ids


async def load_agency_codes(codes: Iterable[str]) -> AgencyCodes:
    """Whose these agency codes are."""
    owners: AgencyCodes = {}
    for chunk in in_chunks(sorted(set(codes))):
        rows = await AgencyPractice.select(
            AgencyPractice.practice_line,
            AgencyPractice.agency_code,
            AgencyPractice.agency.uscc.as_alias("uscc"),
        ).where(AgencyPractice.agency_code.is_in(list(chunk)))
        owners |= {(row["practice_line"], row["agency_code"]): row["uscc"] for row in rows}
    return owners


async def load_agency_states(usccs: Collection[str]) -> dict[str, AgencyState]:
    """What the register says of these agencies; those that it does not know are left out."""
    states: dict[str, AgencyState] = {}
    for chunk in in_chunks(sorted(usccs)):
        practices = await AgencyPractice.select(
            AgencyPractice.practice_line,
            *_OF_PRACTICE,
            AgencyPractice.agency.uscc.as_alias("uscc"),
        ).where(AgencyPractice.agency.uscc.is_in(list(chunk)))
        rows = await Agency.select(*Agency.all_columns(), Agency.branch_of.uscc.as_alias("parent")).where(
            Agency.uscc.is_in(list(chunk))
        )
        states |= {row["uscc"]: _to_state(row, practices) for row in rows}
    return states


def _to_state(row: Mapping[str, Any], practices: list[dict[str, Any]]) -> AgencyState:
    return AgencyState(
        uscc=row["uscc"],
        name=row["name"],
        area=row["area"],
        address=row["address"],
        head=row["head"],
        telephone=row["telephone"],
        established_on=row["established_on"],
        status=row["status"],
        parent=row["parent"],
        n_staff=row["n_staff"],
        legal_form=row["legal_form"],
        n_partners=row["n_partners"],
        n_certified_partners=row["n_certified_partners"],
        flags=tuple(json.loads(row["flags_json"] or "[]")),
        practices={
            practice["practice_line"]: Practice(
                **{field.name: practice[field.name] for field in fields(Practice)}
            )
            for practice in practices
            if practice["uscc"] == row["uscc"]
        },
    )


async def store_agencies(changes: AgencyChanges, at: datetime, _run: int) -> None:
    """Agencies first, then what refers to them: practice lines, and branches to their parents."""
    for chunk in in_chunks([_to_row(state, at) for state in changes.new.values()]):
        await Agency.insert(*chunk)
    for chunk in in_chunks([_to_row(state, at) for state in changes.changed.values()]):
        await Agency.insert(*chunk).on_conflict(target=Agency.uscc, action="DO UPDATE", values=_CHANGEABLE)
    states = [*changes.new.values(), *changes.changed.values()]
    ids = await load_agency_ids([s.uscc for s in states] + [s.parent for s in states if s.parent])
    await _store_practices(states, ids)
    await _store_parents(states, ids)


_CHANGEABLE = [
    Agency.name,
    Agency.search_text,
    Agency.area,
    Agency.address,
    Agency.head,
    Agency.telephone,
    Agency.established_on,
    Agency.status,
    Agency.n_staff,
    Agency.legal_form,
    Agency.n_partners,
    Agency.n_certified_partners,
    Agency.flags_json,
    Agency.changed_at,
]
_OF_PRACTICE = [
    AgencyPractice.agency_code,
    AgencyPractice.filed_on,
    AgencyPractice.valid_until,
    AgencyPractice.altered_on,
    AgencyPractice.alteration_filed_on,
    AgencyPractice.report_year,
    AgencyPractice.reported_on,
]
"""What `Practice` holds; its fields have the names of the columns."""


def _to_row(state: AgencyState, at: datetime) -> Agency:
    return Agency(
        uscc=state.uscc,
        name=state.name,
        search_text=format_search_text(state),
        area=state.area,
        address=state.address,
        head=state.head,
        telephone=state.telephone,
        established_on=state.established_on,
        status=state.status,
        n_staff=state.n_staff,
        legal_form=state.legal_form,
        n_partners=state.n_partners,
        n_certified_partners=state.n_certified_partners,
        flags_json=format_canonical(list(state.flags)).decode(),
        list_status="none",
        created_at=at,
        changed_at=at,
    )


async def _store_practices(states: list[AgencyState], ids: Mapping[str, int]) -> None:
    rows = [
        AgencyPractice(
            agency=ids[state.uscc],
            practice_line=line,
            agency_code=practice.agency_code,
            filed_on=practice.filed_on,
            valid_until=practice.valid_until,
            altered_on=practice.altered_on,
            alteration_filed_on=practice.alteration_filed_on,
            report_year=practice.report_year,
            reported_on=practice.reported_on,
        )
        for state in states
        for line, practice in state.practices.items()
    ]
    for chunk in in_chunks(rows):
        await AgencyPractice.insert(*chunk).on_conflict(
            target=(AgencyPractice.agency, AgencyPractice.practice_line),
            action="DO UPDATE",
            values=_OF_PRACTICE,
        )


async def _store_parents(states: list[AgencyState], ids: Mapping[str, int]) -> None:
    branches: dict[str, list[str]] = {}
    for state in states:
        if state.parent is not None and state.parent in ids:
            branches.setdefault(state.parent, []).append(state.uscc)
    for parent, children in branches.items():
        for chunk in in_chunks(children):
            await Agency.update({Agency.branch_of: ids[parent]}).where(Agency.uscc.is_in(list(chunk)))


def format_search_text(state: AgencyState) -> str:
    """What a search looks in: name, its pinyin initials, the codes; lower-case."""
    initials = "".join(lazy_pinyin(state.name, style=Style.FIRST_LETTER, errors="ignore"))
    codes = [practice.agency_code for _, practice in sorted(state.practices.items()) if practice.agency_code]
    return " ".join([state.name, initials, state.uscc, *codes]).lower()
