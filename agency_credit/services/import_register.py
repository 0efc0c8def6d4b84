"""Loading from and storing in the register of agencies, in bulk: no query a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any

from pypinyin import Style
from pypinyin.converter import DefaultConverter
from pypinyin.core import Pinyin

from agency_credit.database import append_rows, upsert_rows
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
from agency_credit.services.import_work import KEYS, ImportTask, ImportWork, in_chunks, list_states
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
    for chunk in in_chunks(sorted(set(usccs)), KEYS):
        rows = await Agency.select(Agency.id, Agency.uscc).where(Agency.uscc.is_in(list(chunk)))
        ids |= {row["uscc"]: row["id"] for row in rows}
    return ids


async def load_agency_codes(codes: Iterable[str]) -> AgencyCodes:
    """Whose these agency codes are."""
    owners: AgencyCodes = {}
    for chunk in in_chunks(sorted(set(codes)), KEYS):
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
    for chunk in in_chunks(sorted(usccs), KEYS):
        practices = await AgencyPractice.select(
            AgencyPractice.practice_line,
            *(getattr(AgencyPractice, name) for name in _OF_PRACTICE),
            AgencyPractice.agency.uscc.as_alias("uscc"),
        ).where(AgencyPractice.agency.uscc.is_in(list(chunk)))
        rows = await Agency.select(*Agency.all_columns(), Agency.branch_of.uscc.as_alias("parent")).where(
            Agency.uscc.is_in(list(chunk))
        )
        held: dict[str, list[dict[str, Any]]] = {}
        for practice in practices:
            held.setdefault(practice["uscc"], []).append(practice)
        states |= {row["uscc"]: _to_state(row, held.get(row["uscc"], [])) for row in rows}
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
            practice["practice_line"]: Practice(**{name: practice[name] for name in _OF_PRACTICE})
            for practice in practices
        },
    )


async def store_agencies(changes: AgencyChanges, at: datetime, _run: int) -> None:
    """Agencies first, then what refers to them: practice lines, and branches to their parents."""
    await append_rows(
        Agency, [_to_row(state, at, format_search_text(state)) for state in changes.new.values()]
    )
    await _store_changed(changes, at)
    states = [*changes.new.values(), *changes.changed.values()]
    moved = [s for s in changes.changed.values() if _has_moved(s, changes.before.get(s.uscc), _practices)]
    ids = await load_agency_ids([s.uscc for s in states] + [s.parent for s in states if s.parent])
    await append_rows(AgencyPractice, _practice_rows(changes.new.values(), ids))
    await upsert_rows(AgencyPractice, _practice_rows(moved, ids), ("agency", "practice_line"), _OF_PRACTICE)
    await _store_parents(states, ids)


async def _store_changed(changes: AgencyChanges, at: datetime) -> None:
    """Write what changed; what a search looks in only where that did: pinyin costs more than the row."""
    found, others = [], []
    for state in changes.changed.values():
        if _has_moved(state, changes.before.get(state.uscc), _words):
            found.append(_to_row(state, at, format_search_text(state)))
        else:
            others.append(_to_row(state, at, ""))
    await upsert_rows(Agency, found, ("uscc",), (*_CHANGEABLE, "search_text"))
    await upsert_rows(Agency, others, ("uscc",), _CHANGEABLE)


def _has_moved(state: AgencyState, before: AgencyState | None, part: Callable[[AgencyState], object]) -> bool:
    return before is None or part(state) != part(before)


def _practices(state: AgencyState) -> object:
    return state.practices


def _words(state: AgencyState) -> object:
    """What goes into the text of a search."""
    return state.name, [(line, practice.agency_code) for line, practice in sorted(state.practices.items())]


_CHANGEABLE = (
    *("name", "area", "address", "head", "telephone", "established_on", "status", "n_staff"),
    *("legal_form", "n_partners", "n_certified_partners", "flags_json", "changed_at"),
)
_OF_PRACTICE = tuple(field.name for field in fields(Practice))
"""What `Practice` holds; its fields have the names of the columns."""


def _to_row(state: AgencyState, at: datetime, search_text: str) -> dict[str, Any]:
    return {
        "uscc": state.uscc,
        "name": state.name,
        "search_text": search_text,
        "area": state.area,
        "address": state.address,
        "head": state.head,
        "telephone": state.telephone,
        "established_on": state.established_on,
        "status": state.status,
        "n_staff": state.n_staff,
        "legal_form": state.legal_form,
        "n_partners": state.n_partners,
        "n_certified_partners": state.n_certified_partners,
        "flags_json": format_canonical(list(state.flags)).decode(),
        "list_status": "none",
        "created_at": at,
        "changed_at": at,
    }


def _practice_rows(states: Iterable[AgencyState], ids: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "agency": ids[state.uscc],
            "practice_line": line,
            **{name: getattr(practice, name) for name in _OF_PRACTICE},
        }
        for state in states
        for line, practice in state.practices.items()
    ]


async def _store_parents(states: list[AgencyState], ids: Mapping[str, int]) -> None:
    branches: dict[str, list[str]] = {}
    for state in states:
        if state.parent is not None and state.parent in ids:
            branches.setdefault(state.parent, []).append(state.uscc)
    for parent, children in branches.items():
        for chunk in in_chunks(children):
            await Agency.update({Agency.branch_of: ids[parent]}).where(Agency.uscc.is_in(list(chunk)))


class _WordConverter(DefaultConverter):
    """Converts each word once: the same few stand in most names of agencies."""

    @lru_cache(maxsize=20_000)  # noqa: B019  (there is one converter, for ever)
    def convert(self, *given: Any, **options: Any) -> Any:
        return super().convert(*given, **options)


_pinyin = Pinyin(_WordConverter())


def format_search_text(state: AgencyState) -> str:
    """What a search looks in: name, its pinyin initials, the codes; lower-case."""
    initials = "".join(_pinyin.lazy_pinyin(state.name, style=Style.FIRST_LETTER, errors="ignore"))
    codes = [practice.agency_code for _, practice in sorted(state.practices.items()) if practice.agency_code]
    return " ".join([state.name, initials, state.uscc, *codes]).lower()
