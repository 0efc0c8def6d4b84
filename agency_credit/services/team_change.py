"""Change a team between draw and visit: a seat is emptied, another body sends a member, he leaves again.

A seat of the lottery is never filled here (draw-protocol.md, section 7): a supplementary draw does that.
Members who are sent sit beside the lottery, marked as sent (docs/legal-sources.md, 3.3). Entries of the
public log hold a commitment that is opened after the visit, so that none of them names anybody before.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from agency_credit.database.tables import Inspection, InspectionSeat, Inspector, Recusal, TeamChange
from agency_credit.domain.canonical import Json
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import ConflictError, Fault, FaultsError, InputError, RefusedError
from agency_credit.domain.role import Role
from agency_credit.inspection import team_states
from agency_credit.publication.masking import find_personal_number
from agency_credit.services.change_request import (
    Change,
    ChangeDraft,
    append_decision,
    append_request,
    load_change,
)
from agency_credit.services.draw_store import person_of
from agency_credit.services.notices import NewNotice, append_notices, load_people_with
from agency_credit.services.operation import Operation
from agency_credit.services.result_store import load_seats
from agency_credit.services.team_store import (
    fold_sent,
    load_changes,
    load_origins,
    load_pseudonym,
    load_target,
    refuse_open_supplement,
)

LENGTHS = {"sent_by": 100, "certificate": 40, "name": 40, "role": 64, "document": 200}
"""What is recorded of a member who was sent, and how many characters each may have."""


def fold_certificate(certificate: str) -> str:
    """A certificate without what typing changes: full width, spaces, small letters."""
    return "".join(unicodedata.normalize("NFKC", certificate).split()).upper()


async def check_team(op: Operation, draft: ChangeDraft) -> None:
    """Refuse a change of a team that cannot be.

    Raises
    ------
    NotFoundError, RefusedError
        As `team_store.load_target`; somebody who is recused, or left this team, is not sent to it.
    ConflictError
        The seat is empty or held by another by now; the member is there already, or has left.
    FaultsError, InputError
        Something of the member is missing; a reason that is none.
    """
    payload = draft.payload
    target = await load_target(payload["inspection"])
    if payload["action"] == "emptied":
        team_states.check_seat_reason(payload["reason_code"])
        await _check_seat(payload)
    elif payload["action"] == "sent":
        _check_member(payload)
        await _check_sendable(target, payload["certificate"], op.at)
    elif payload["action"] == "dismissed":
        team_states.check_seat_reason(payload["reason_code"])
        await _load_member(target, payload["certificate"])
    else:
        raise InputError("team.action", "a team is changed by emptied, sent or dismissed")


async def apply_team(op: Operation, change: Change) -> None:
    """Write an approved change: its entry, its row, and the seat where one is emptied."""
    payload = change.payload
    target = await load_target(payload["inspection"])
    body = await _body(target, change)
    index = await op.append_entry("team.changed", target["draw_identifier"], body, is_committed=True)
    is_seat = payload["action"] == "emptied"
    row = {name: payload.get(name, "") for name in (*LENGTHS, "reason_code")}
    await TeamChange.insert(
        TeamChange(
            inspection=target["id"],
            kind=payload["action"],
            seat=payload["seat"] if is_seat else None,
            inspector=payload["inspector"] if is_seat else None,
            reason=change.reason,
            request=change.number,
            at=op.at,
            log_index=index,
            **row,
        )
    )
    if is_seat:
        await InspectionSeat.update({InspectionSeat.inspector: None}).where(
            (InspectionSeat.inspection == target["id"]) & (InspectionSeat.seat == payload["seat"])
        )
        draw = target["draw_identifier"]
        notice = NewNotice(kind="seats.fill", what=draw, path=f"/admin/draws/{draw}")
        await append_notices(op, await load_people_with(Role.DRAFTER), notice)


async def empty_recused_seat(
    op: Operation, inspection: int, inspector: int, asked: tuple[int, datetime, str], decision: str
) -> None:
    """Whoever has to step back has no seat from the decision on: a change of the team by its two people.

    Where he sits no more, or the team was not drawn, there is no seat of the lottery to empty.

    Parameters
    ----------
    asked
        Who wrote down that the agency asked for it, when, and its reason.
    decision
        The reason of the actor, who granted it.

    Raises
    ------
    RefusedError
        As `team_store.load_target`.
    """
    seats = [row["seat"] for row in await load_seats(inspection) if row["inspector"] == inspector]
    drawn = await Inspection.exists().where((Inspection.id == inspection) & Inspection.draw.is_not_null())
    if not seats or not drawn:
        return
    target = await load_target(inspection)
    person, at, reason = asked
    draft = ChangeDraft(
        kind="team",
        subject=f"{target['draw_identifier']}/{target['uscc']}",
        based_on=0,
        payload={
            "action": "emptied",
            "inspection": inspection,
            "inspector": inspector,
            "reason_code": team_states.SeatReason.RECUSAL.value,
            "seat": seats[0],
        },
        applies_from=day_in_china(op.at),
        is_correction=False,
        reason=reason,
    )
    await check_team(op, draft)
    number = await append_request(draft, person, at)
    await append_decision(number, "approved", decision, person_of(op.actor), op.at)
    await apply_team(op, await load_change(number))


async def _body(target: dict[str, Any], change: Change) -> dict[str, Json]:
    payload = change.payload
    body: dict[str, Json] = {
        "change": payload["action"],
        "draw": target["draw_identifier"],
        "unit": target["uscc"],
    }
    if payload["action"] == "sent":
        return body | {"reason": change.reason} | {name: payload[name] for name in LENGTHS}
    body["reason_code"] = payload["reason_code"]  # the reason in words may tell of an illness
    if payload["action"] == "dismissed":
        return body | {"certificate": payload["certificate"]}
    origin = (await load_origins(target["draw"]))[target["id"], payload["seat"]]
    inspector = await load_pseudonym(origin, payload["inspector"])
    return body | {"inspector": inspector, "seat": payload["seat"]}


async def _check_seat(payload: dict[str, Any]) -> None:
    seats = {seat["seat"]: seat["inspector"] for seat in await load_seats(payload["inspection"])}
    if payload["seat"] not in seats:
        raise InputError("team.seat", "choose who leaves his seat")
    if seats[payload["seat"]] is None:
        raise ConflictError("team.seat-empty", "this seat is empty already; load the page again")
    if seats[payload["seat"]] != payload["inspector"]:
        raise ConflictError(
            "team.seat-changed", "somebody else sits on this seat by now; load the page again"
        )


def _check_member(payload: dict[str, Any]) -> None:
    """Everything that is missing, too long or private in what is recorded of a member."""
    faults = []
    for name, most in LENGTHS.items():
        if not 1 <= len(payload[name].strip()) <= most:
            faults.append(
                Fault(at=name, code="team.member", template="write 1 to {n} characters", params={"n": most})
            )
        elif find_personal_number(payload[name]):
            faults.append(
                Fault(
                    at=name,
                    code="team.personal-number",
                    template="this will be public after the visit; take out the identity or telephone number",
                )
            )
    if faults:
        raise FaultsError(payload["certificate"], tuple(faults))


async def _check_sendable(target: dict[str, Any], certificate: str, now: datetime) -> None:
    """Nobody sits on a team twice, now or once a supplement is drawn; who may not go there is not sent."""
    await refuse_open_supplement(target["draw_identifier"], target["uscc"], now)
    known = await _find_inspector(certificate)
    inspector = known["id"] if known else 0
    seats = {seat["inspector"] for seat in await load_seats(target["id"])}
    changes = await load_changes(target["draw"])
    sent = {fold_certificate(member.certificate) for member in fold_sent(changes).get(target["id"], ())}
    if inspector in seats or fold_certificate(certificate) in sent:
        raise ConflictError("team.twice", "{certificate} sits on this team already", certificate=certificate)
    left = {
        row["inspector"] or fold_certificate(row["certificate"])
        for row in changes
        if row["inspection"] == target["id"] and row["kind"] in ("emptied", "dismissed")
    }
    is_recused = known and await Recusal.exists().where(
        (Recusal.inspector == inspector) & (Recusal.agency == target["agency"])
    )
    if is_recused or inspector in left or fold_certificate(certificate) in left:
        raise RefusedError(
            "team.barred",
            "{certificate} is recused from this unit or has left its team, and cannot be sent to it",
            certificate=certificate,
        )


async def find_spelling(certificate: str) -> str:
    """`certificate` as the roster writes it, where somebody on it has it, so that he is recognised."""
    known = await _find_inspector(certificate)
    return certificate if known is None else str(known["certificate"])


async def _find_inspector(certificate: str) -> dict[str, Any] | None:
    rows = await Inspector.select(Inspector.id, Inspector.certificate)
    wanted = fold_certificate(certificate)
    return next((row for row in rows if fold_certificate(row["certificate"]) == wanted), None)


async def _load_member(target: dict[str, Any], certificate: str) -> None:
    members = fold_sent(await load_changes(target["draw"])).get(target["id"], ())
    if all(member.certificate != certificate for member in members):
        raise ConflictError(
            "team.not-sent", "{certificate} is not among those sent to this team", certificate=certificate
        )
