"""Loading and storing inspectors and practitioners, in bulk."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter

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
from agency_credit.services.import_work import ImportTask, ImportWork, in_chunks, list_states
from agency_credit.services.reference import load_districts


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
        store=partial(store_practitioners, changes, task.at),
        list_stored=partial(list_states, known, changes.states.values(), attrgetter("certificate")),
    )


async def load_inspector_states(certificates: Collection[str]) -> dict[str, InspectorState]:
    """What the roster says of these inspectors; those that it does not know are left out."""
    known: dict[str, InspectorState] = {}
    for chunk in in_chunks(sorted(certificates)):
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
        Inspector(
            certificate=state.certificate,
            name=state.name,
            organisation=state.organisation,
            area_codes_json=format_canonical(list(state.areas)).decode(),
            skills_json=format_canonical(list(state.skills)).decode(),
            status=state.status,
        )
        for state in states
    ]
    changeable = [
        Inspector.name,
        Inspector.organisation,
        Inspector.area_codes_json,
        Inspector.skills_json,
        Inspector.status,
    ]
    for chunk in in_chunks(rows):
        await Inspector.insert(*chunk).on_conflict(
            target=Inspector.certificate, action="DO UPDATE", values=changeable
        )


async def load_practitioner_states(certificates: Collection[str]) -> dict[str, PractitionerState]:
    """What the register says of these practitioners; those that it does not know are left out."""
    known: dict[str, PractitionerState] = {}
    for chunk in in_chunks(sorted(certificates)):
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


async def store_practitioners(changes: PractitionerChanges, at: datetime, run: int) -> None:
    states = changes.states.values()
    pairs = changes.claims | changes.releases
    agencies = await load_agency_ids({*(state.uscc for state in states), *(uscc for _, uscc in pairs)} - {""})
    rows = [
        Practitioner(
            certificate=state.certificate,
            name=state.name,
            agency=agencies.get(state.uscc),
            practice_line=state.practice_line,
            status=state.status,
        )
        for state in states
    ]
    changeable = [Practitioner.name, Practitioner.agency, Practitioner.practice_line, Practitioner.status]
    for chunk in in_chunks(rows):
        await Practitioner.insert(*chunk).on_conflict(
            target=Practitioner.certificate, action="DO UPDATE", values=changeable
        )
    await _store_posts(changes, agencies, at, run)


async def _store_posts(
    changes: PractitionerChanges, agencies: Mapping[str, int], at: datetime, run: int
) -> None:
    people: dict[str, int] = {}
    for chunk in in_chunks(sorted({certificate for certificate, _ in changes.claims | changes.releases})):
        found = await Practitioner.select(Practitioner.id, Practitioner.certificate).where(
            Practitioner.certificate.is_in(list(chunk))
        )
        people |= {row["certificate"]: row["id"] for row in found}
    claims = [
        PractitionerPost(
            practitioner=people[certificate], agency=agencies[uscc], claimed_at=at, import_run=run
        )
        for certificate, uscc in sorted(changes.claims)
    ]
    for part in in_chunks(claims):  # whoever comes back has a post there already, and it opens again
        await PractitionerPost.insert(*part).on_conflict(
            target=(PractitionerPost.practitioner, PractitionerPost.agency),
            action="DO UPDATE",
            values=[PractitionerPost.claimed_at, PractitionerPost.released_at, PractitionerPost.import_run],
        )
    released: dict[str, list[int]] = {}
    for certificate, uscc in sorted(changes.releases):
        released.setdefault(uscc, []).append(people[certificate])
    for uscc, ids in released.items():
        for some in in_chunks(ids):
            await PractitionerPost.update({PractitionerPost.released_at: at}).where(
                (PractitionerPost.agency == agencies[uscc]) & PractitionerPost.practitioner.is_in(list(some))
            )
