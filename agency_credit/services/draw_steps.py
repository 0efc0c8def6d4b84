"""A draw from announcement to result; each step is made once, in order, by the right person.

Section numbers are those of draw-protocol.md. Nothing here shows or computes a result with the real
nonce before `run_draw`, and `run_draw` can succeed only once: the step is unique in the database.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from agency_credit.database.tables import Agency, DrawValue, Inspection, InspectionSeat
from agency_credit.domain.canonical import Json, digest
from agency_credit.domain.draw import Reveal
from agency_credit.domain.errors import Fault, FaultsError, InputError, RefusedError
from agency_credit.domain.plan import DrawPlan, EntropySource, PublicSource
from agency_credit.domain.role import APPROVER, DRAFTER, DRAW_PEOPLE, Actor
from agency_credit.inspection import draw_states
from agency_credit.sampling import (
    DrawFiles,
    announce,
    announced_count,
    check_reveal,
    commitment,
    compute_draw,
    format_announcement,
    format_reveal,
    parse_files,
    parse_plan,
    pseudonym,
)
from agency_credit.services.draft_faults import load_draft_faults
from agency_credit.services.draw_draft import (
    DrawDraft,
    format_plan_of,
    load_draw_row,
    own_sources,
    parse_draft,
)
from agency_credit.services.draw_lists import load_draw_lists
from agency_credit.services.draw_store import (
    append_file,
    append_nonce,
    append_pseudonym,
    append_step,
    load_files,
    load_history,
    load_pseudonyms,
    load_values,
    open_nonces,
    person_of,
    refuse_changed_files,
)
from agency_credit.services.frame import format_inspectors, format_targets
from agency_credit.services.notices import tell_teams
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.reference import load_districts
from agency_credit.services.scope_words import describe_scope
from agency_credit.services.supplements import seat_drawn
from agency_credit.services.verify import refuse_false_bundle


async def announce_draw(office: Office, actor: Actor, draw: str) -> str:
    """Freeze frame, roster, recusals and plan, make this office's commitments, and say so in the log.

    1. Collect every fault of the draft.
    2. Give each inspector a pseudonym of this draw; its salt is sealed.
    3. Make this office's nonces; they are sealed, only their commitments go into the plan.
    4. Freeze the files and bind them together (section 3).
    5. The digest A of the announcement goes into the public log.

    Returns
    -------
    str
        A, the digest of `announcement.json`.

    Raises
    ------
    FaultsError
        Everything that is wrong with the draft.
    RefusedError
        Announced already, voided, or the first public value could be known by now.
    """
    async with operation(office, actor, "draw.announce", draw, roles=DRAFTER) as op:
        row = await load_draw_row(draw)
        draft = parse_draft(row["draft_json"].encode())
        history = await load_history(row)
        draw_states.check_unannounced(history)
        lists = await load_draw_lists(office, draft)
        faults = await load_draft_faults(office, draw, draft, lists)  # 1
        if faults:
            raise FaultsError(draw, faults)
        pseudonyms, inspectors = await _freeze_roster(office, row["id"], draw, lists.roster)  # 2
        plan = await _freeze_plan(office, row["id"], draw, draft)  # 3
        contents = {
            "plan.json": plan,
            "targets.jsonl": format_targets(lists.frame.lines),
            "inspectors.jsonl": inspectors,
            "recusals.jsonl": await lists.format_recusals(pseudonyms),
        }
        files = parse_files(contents)
        draw_states.check_announce(history, files.plan.first_value_at, op.at)
        announcement = announce(files.plan, files.frame, files.roster, files.recusals)  # 4
        contents["announcement.json"] = format_announcement(announcement)
        for name, content in contents.items():
            await append_file(row["id"], name, content)
        fingerprint = digest(contents["announcement.json"])
        body: dict[str, Json] = {"announcement": fingerprint, "draw": draw, "plan": digest(plan)}
        if draft.replaces:
            body["replaces"] = draft.replaces
        if draft.task:
            body["task"] = {"row": draft.task.row, "year": draft.task.year}
        if draft.unplanned:
            body["unplanned"] = {"kind": draft.unplanned.kind, "reason": draft.unplanned.reason}
        index = await op.append_entry("draw.announced", draw, body)  # 5
        await append_step(row["id"], "announced", actor, op.at, log_index=index)
        op.details["announcement"] = fingerprint
    return fingerprint


async def approve_draw(office: Office, actor: Actor, draw: str) -> None:
    """A second person approves what was announced, before the first public value can be known.

    Raises
    ------
    ForbiddenError
        Whoever drafted, changed or announced the draw.
    RefusedError
        Not announced, approved already, voided, or too late.
    """
    async with operation(office, actor, "draw.approve", draw, roles=APPROVER) as op:
        row = await load_draw_row(draw)
        files = await load_files(row["id"])
        history = await load_history(row)
        plan = _announced_plan(draw, files)
        await refuse_changed_files(draw, files)
        draw_states.check_approve(history, person_of(actor), plan.first_value_at, op.at)
        body = {"announcement": digest(files["announcement.json"]), "draw": draw}
        index = await op.append_entry("draw.approved", draw, body)
        await append_step(row["id"], "approved", actor, op.at, log_index=index)


async def enter_value(
    office: Office, actor: Actor, draw: str, source: int, value: str, *, corrects: bool = True
) -> None:
    """Enter the value of a public source, or the nonce of another body; corrects an earlier entry.

    Parameters
    ----------
    source
        Index of the source in the plan, from 0.
    corrects
        Whether it may differ from what another person read; else it is his second reading.

    Raises
    ------
    FaultsError
        The value is not in its form or has not as many digits as announced, the nonce is not the one
        committed to, or two readings differ.
    RefusedError
        Not approved, drawn already, before the event, or a source of this office's own.
    """
    async with operation(office, actor, "draw.value", f"{draw}/{source}", roles=DRAW_PEOPLE) as op:
        row = await load_draw_row(draw)
        history = await load_history(row)
        plan = _announced_plan(draw, await load_files(row["id"]))
        if not 0 <= source < len(plan.entropy):
            raise InputError("value.source", "the plan has no source number {n}", n=source + 1)
        entry = plan.entropy[source]
        if source in own_sources(parse_draft(row["draft_json"].encode())):
            raise RefusedError("value.own", "this office's own number is known to the server alone")
        at = entry.at_instant if isinstance(entry, PublicSource) else plan.first_value_at
        draw_states.check_value(history, at, op.at)
        check_reveal(replace(plan, entropy=(entry,)), Reveal(draw=draw, values=(value,)))
        _check_count(entry, value)
        if not corrects:
            await _check_reading(row["id"], source, value, person_of(actor))
        await DrawValue.insert(
            DrawValue(
                draw=row["id"], source=source, value=value, entered_by=person_of(actor), entered_at=op.at
            )
        )


async def run_draw(office: Office, actor: Actor, draw: str) -> None:
    """Draw: once and only once, from the frozen files and the revealed values.

    1. All values are there; the reveal is put together with this office's nonces.
    2. The outcome is computed, then recomputed by the verifier; a difference stops everything.
    3. `result.json` is frozen, its digest goes into the public log.
    4. An inspection is opened for every target, with its team; a supplement seats people in the original's.

    Raises
    ------
    ConflictError
        Somebody else drew first; ``link`` leads to the draw.
    RefusedError
        Not approved, or a value is missing; the original of a supplement was voided.
    """
    async with operation(office, actor, "draw.run", draw, roles=DRAW_PEOPLE) as op:
        row = await load_draw_row(draw)
        draw_states.check_draw(await load_history(row))
        contents = await load_files(row["id"])
        await refuse_changed_files(draw, contents)
        files = parse_files(contents)
        reveal = await load_reveal(office, row, files.plan)  # 1
        outcome = compute_draw(files, reveal)  # 2
        contents |= {"reveal.json": format_reveal(reveal), "result.json": outcome.result}
        refuse_false_bundle(contents)
        await append_file(row["id"], "result.json", outcome.result)  # 3
        body = {"draw": draw, "result": digest(outcome.result)}
        index = await op.append_entry("draw.drawn", draw, body)
        await append_step(row["id"], "drawn", actor, op.at, log_index=index)
        mandatory = frozenset(outcome.selection.mandatory)
        teams = {team.unit: team.inspectors for team in outcome.teams.teams}
        if files.plan.supplements is None:
            await _open_inspections(row["id"], files, teams, mandatory)  # 4
        else:
            await seat_drawn(row, teams, op.at, index)
        await tell_teams(op, row["id"])
        op.details.update(seed=outcome.seed, targets=len(teams))


def _check_count(entry: EntropySource, value: str) -> None:
    """As many digits as the event announced: fewer or more would be another event."""
    count = announced_count(entry.event, entry.form) if isinstance(entry, PublicSource) else None
    if count is not None and len(value) != count:
        raise _fault_in_value(
            "value.count",
            "{n} digits were announced, here are {found}; write every one in the order in which it came",
            n=count,
            found=len(value),
        )


async def _check_reading(draw: int, source: int, value: str, person: int) -> None:
    """Hold the reading of a second person against that of the first."""
    last = await (
        DrawValue.select(DrawValue.value, DrawValue.entered_by)
        .where((DrawValue.draw == draw) & (DrawValue.source == source))
        .order_by(DrawValue.id, ascending=False)
        .first()
    )
    if last is not None and last["entered_by"] != person and last["value"] != value:
        raise _fault_in_value(
            "value.readings-differ",
            "another person read something else: {value}; look at the published outcome together",
            value=last["value"],
        )


def _fault_in_value(code: str, template: str, /, **params: str | int) -> FaultsError:
    return FaultsError("value", (Fault(at="values[0]", code=code, template=template, params=params),))


async def load_reveal(office: Office, row: dict[str, Any], plan: DrawPlan) -> Reveal:
    """All values of a draw in the plan's order, this office's nonces among them; never shown.

    Raises
    ------
    RefusedError
        A value has not been entered yet.
    """
    values = await load_values(row["id"]) | await open_nonces(office, row["id"], row["draw"])
    missing = [index for index in range(len(plan.entropy)) if index not in values]
    if missing:
        raise RefusedError(
            "draw.values-missing",
            "the value of source {n} is missing; enter it before drawing",
            n=missing[0] + 1,
        )
    return Reveal(draw=row["draw"], values=tuple(values[index] for index in range(len(plan.entropy))))


async def _freeze_roster(
    office: Office, draw_id: int, draw: str, roster: list[dict[str, Any]]
) -> tuple[dict[int, str], bytes]:
    if not roster:
        raise RefusedError("roster.empty", "there is no inspector on duty; import the roster first")
    pseudonyms = {}
    for person in roster:
        salt = secrets.token_hex(32)
        pseudonyms[person["id"]] = pseudonym(draw, salt, person["certificate"])
        await append_pseudonym(office, draw_id, person["id"], pseudonyms[person["id"]], salt)
    return pseudonyms, format_inspectors(roster, pseudonyms)


async def _freeze_plan(office: Office, draw_id: int, draw: str, draft: DrawDraft) -> bytes:
    commitments = {}
    for source in own_sources(draft):
        nonce = secrets.token_hex(32)
        commitments[source] = commitment(draw, draft.plan.entropy[source]["party"], nonce)
        await append_nonce(office, draw_id, draw, source, nonce)
    words = describe_scope(draft.scope, await load_districts())
    return format_plan_of(draw, draft, commitments, words)


def _announced_plan(draw: str, files: dict[str, bytes]) -> DrawPlan:
    if "plan.json" not in files:
        raise RefusedError("draw.not-announced", "the draw {draw} has not been announced yet", draw=draw)
    return parse_plan(files["plan.json"])


async def _open_inspections(
    draw_id: int, files: DrawFiles, teams: dict[str, tuple[str | None, ...]], mandatory: frozenset[str]
) -> None:
    if not teams:  # every stratum takes none, and nobody is mandatory
        return
    inspectors = await load_pseudonyms(draw_id)
    agencies = {
        row["uscc"]: row["id"]
        for row in await Agency.select(Agency.id, Agency.uscc).where(Agency.uscc.is_in(list(teams)))
    }
    strata = dict(zip(files.frame.units, files.frame.strata, strict=True))
    for position, (unit, members) in enumerate(teams.items()):
        inspection = Inspection(
            draw=draw_id,
            agency=agencies[unit],
            stratum=strata[unit],
            stream="mandatory" if unit in mandatory else "drawn",
            position=position,
        )
        await inspection.save()
        await InspectionSeat.insert(
            *(
                InspectionSeat(
                    inspection=inspection.id,
                    seat=seat,
                    role=files.plan.seats[seat].role,
                    inspector=None if member is None else inspectors[member],
                )
                for seat, member in enumerate(members)
            )
        )
