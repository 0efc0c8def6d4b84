"""Loading and storing inspectors and practitioners, in bulk."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import TypeVar

from agency_credit.database import append_rows, upsert_rows
from agency_credit.database.tables import Inspector, Practitioner, PractitionerPost
from agency_credit.domain.canonical import format_canonical
from agency_credit.services.import_inspectors import InspectorState, plan_inspectors, read_inspectors
from agency_credit.services.import_practitioners import (
    PractitionerChanges,
    PractitionerContext,
    PractitionerState,
    plan_practitioners,
    read_practitioners,
)
from agency_credit.services.import_register import load_agency_codes, load_agency_ids
from agency_credit.services.import_row import collect_codes
from agency_credit.services.import_work import KEYS, ImportTask, ImportWork, in_chunks, list_states
from agency_credit.services.reference import load_districts

Row = TypeVar("Row")


async def prepare_inspectors(task: ImportTask) -> ImportWork:
    """Inspectors: read, laid over the roster."""
    found = read_inspectors(task.tables, await load_districts())
    known = await load_inspector_states({row.value.certificate for row in found.rows})
    new, changed = plan_inspectors(found.rows, known)
    return ImportWork(
        outcomes=found.outcomes(),
        store=partial(store_inspectors, [*new, *changed]),
        list_stored=partial(list_states, known, [*new, *changed], attrgetter("certificate")),
    )


async def prepare_practitioners(task: ImportTask) -> ImportWork:
    """Practitioners: read, held against the register, laid over what is known of them."""
    ids = await load_agency_ids(collect_codes(task.tables, "uscc"))
    codes = await load_agency_codes(collect_codes(task.tables, "agency_code"))
    context = PractitionerContext(agencies=frozenset(ids), codes=codes, practice_line=task.practice_line)
    found = read_practitioners(task.tables, context)
    known = await load_practitioner_states({row.value.certificate for row in found.rows})
    changes = plan_practitioners(found.rows, known)
    return ImportWork(
        outcomes=found.outcomes(),
        store=partial(store_practitioners, changes, task.at, ids=ids),
        list_stored=partial(list_states, known, changes.states.values(), attrgetter("certificate")),
    )


async def load_inspector_states(certificates: Collection[str]) -> dict[str, InspectorState]:
    """What the roster says of these inspectors; those that it does not know are left out."""
    known: dict[str, InspectorState] = {}
    for chunk in in_chunks(sorted(certificates), KEYS):
        rows = await Inspector.select().where(Inspector.certificate.is_in(list(chunk)))
        known |= {
            row["certificate"]: InspectorState(
                certificate=row["certificate"],
                name=row["name"],
                organisation=row["organisation"],
                areas=tuple(json.loads(row["area_codes_json"])),
                skills=tuple(json.loads(row["skills_json"])),
                status=row["status"],
            )
            for row in rows
        }
    return known


async def store_inspectors(states: Sequence[InspectorState], _run: int) -> None:
    rows = [
        {
            "certificate": state.certificate,
            "name": state.name,
            "organisation": state.organisation,
            "area_codes_json": format_canonical(list(state.areas)).decode(),
            "skills_json": format_canonical(list(state.skills)).decode(),
            "status": state.status,
        }
        for state in states
    ]
    changing = ("name", "organisation", "area_codes_json", "skills_json", "status")
    await upsert_rows(Inspector, rows, ("certificate",), changing)


async def load_practitioner_states(certificates: Collection[str]) -> dict[str, PractitionerState]:
    """What the register says of these practitioners; those that it does not know are left out."""
    known: dict[str, PractitionerState] = {}
    for chunk in in_chunks(sorted(certificates), KEYS):
        rows = await Practitioner.select(
            Practitioner.certificate,
            Practitioner.name,
            Practitioner.practice_line,
            Practitioner.status,
            Practitioner.agency.uscc.as_alias("uscc"),
        ).where(Practitioner.certificate.is_in(list(chunk)))
        posts = await PractitionerPost.select(
            PractitionerPost.practitioner.certificate.as_alias("certificate"),
            PractitionerPost.agency.uscc.as_alias("uscc"),
        ).where(
            PractitionerPost.released_at.is_null()
            & PractitionerPost.practitioner.certificate.is_in(list(chunk))
        )
        open_posts: dict[str, set[str]] = {}
        for post in posts:
            open_posts.setdefault(post["certificate"], set()).add(post["uscc"])
        known |= {
            row["certificate"]: PractitionerState(
                certificate=row["certificate"],
                name=row["name"],
                uscc=row["uscc"] or "",
                practice_line=row["practice_line"],
                status=row["status"],
                posts=frozenset(open_posts.get(row["certificate"], ())),
            )
            for row in rows
        }
    return known


async def store_practitioners(
    changes: PractitionerChanges, at: datetime, run: int, *, ids: Mapping[str, int] = MappingProxyType({})
) -> None:
    """Store people first, then their posts.

    Parameters
    ----------
    ids
        Of agencies, by credit code, as far as they are known already.
    """
    states = changes.states.values()
    pairs = changes.claims | changes.releases
    named = {*(state.uscc for state in states), *(uscc for _, uscc in pairs)} - {""}
    agencies = {**ids, **await load_agency_ids(named - ids.keys())}
    rows = [
        {
            "certificate": state.certificate,
            "name": state.name,
            "agency": agencies.get(state.uscc),
            "practice_line": state.practice_line,
            "status": state.status,
        }
        for state in states
    ]
    changing = ("name", "agency", "practice_line", "status")
    new, known = _split(rows, [row["certificate"] in changes.new for row in rows])
    await append_rows(Practitioner, new)
    await upsert_rows(Practitioner, known, ("certificate",), changing)
    await _store_posts(changes, agencies, at, run)


async def _store_posts(
    changes: PractitionerChanges, agencies: Mapping[str, int], at: datetime, run: int
) -> None:
    people: dict[str, int] = {}
    for chunk in in_chunks(
        sorted({certificate for certificate, _ in changes.claims | changes.releases}), KEYS
    ):
        found = await Practitioner.select(Practitioner.id, Practitioner.certificate).where(
            Practitioner.certificate.is_in(list(chunk))
        )
        people |= {row["certificate"]: row["id"] for row in found}
    claims = [
        {
            "practitioner": people[certificate],
            "agency": agencies[uscc],
            "claimed_at": at,
            "released_at": None,
            "import_run": run,
        }
        for certificate, uscc in sorted(changes.claims)
    ]
    changing = ("claimed_at", "released_at", "import_run")  # whoever comes back opens the post again
    new, others = _split(claims, [certificate in changes.new for certificate, _ in sorted(changes.claims)])
    await append_rows(PractitionerPost, new)
    await upsert_rows(PractitionerPost, others, ("practitioner", "agency"), changing)
    released: dict[str, list[int]] = {}
    for certificate, uscc in sorted(changes.releases):
        released.setdefault(uscc, []).append(people[certificate])
    for uscc, ids in released.items():
        for some in in_chunks(ids):
            await PractitionerPost.update({PractitionerPost.released_at: at}).where(
                (PractitionerPost.agency == agencies[uscc]) & PractitionerPost.practitioner.is_in(list(some))
            )


def _split(rows: Sequence[Row], is_new: Sequence[bool]) -> tuple[list[Row], list[Row]]:
    """Rows that cannot be there already, which go in much faster, and the others."""
    marked = list(zip(rows, is_new, strict=True))
    return [row for row, new in marked if new], [row for row, new in marked if not new]
