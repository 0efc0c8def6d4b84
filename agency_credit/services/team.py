"""Propose what befalls a team after the draw; another person decides (`changes.decide_change`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agency_credit.domain.role import Actor
from agency_credit.inspection import team_states
from agency_credit.services.change_request import ChangeDraft
from agency_credit.services.changes import propose_change
from agency_credit.services.office import Office
from agency_credit.services.reserve_call import plan_call
from agency_credit.services.result_store import load_seats
from agency_credit.services.team_change import LENGTHS, find_spelling
from agency_credit.services.team_store import load_target


async def call_reserve(
    office: Office, actor: Actor, draw: str, unit: str, reason_code: str, evidence: str
) -> int:
    """Propose to close the inspection of a unit that is gone, and to call the reserve whose turn it is.

    Parameters
    ----------
    reason_code
        One of `team_states.ReserveReason`.
    evidence
        What shows it, in words; public with the draw.

    Returns
    -------
    int
        Number of the proposed change.

    Raises
    ------
    RefusedError
        The unit is merely unreachable; not drawn, voided; a result stands; a supplement is under way.
    NotFoundError, ConflictError, InputError
        As `plan_call` and `propose_change`.
    """
    team_states.check_reserve_reason(reason_code)
    plan = await plan_call(draw, unit, office.now())
    payload = {"called": plan.called, "draw": draw, "reason_code": reason_code, "unit": unit}
    return await _propose(office, actor, "reserve", f"{draw}/{unit}", payload, evidence)


async def empty_seat(
    office: Office, actor: Actor, inspection: int, seat: int, reason_code: str, reason: str
) -> int:
    """Propose that whoever sits on a seat leaves it; a supplementary draw then fills it.

    Parameters
    ----------
    seat
        From 0, in the order of the plan.
    reason_code
        One of `team_states.SeatReason`; the only thing about it that is ever public.

    Returns
    -------
    int
        Number of the proposed change.

    Raises
    ------
    RefusedError
        Not drawn, voided, closed, or a result stands.
    NotFoundError, ConflictError, InputError
        No such inspection or seat, an empty one, a reason that is none.
    """
    sitting = {row["seat"]: row["inspector"] for row in await load_seats(inspection)}
    payload = {
        "action": "emptied",
        "inspection": inspection,
        "inspector": sitting.get(seat),
        "reason_code": reason_code,
        "seat": seat,
    }
    return await _propose(office, actor, "team", await _subject(inspection), payload, reason)


async def send_member(
    office: Office, actor: Actor, inspection: int, member: Mapping[str, str], reason: str
) -> int:
    """Propose to record a member whom another body sends without lot; beside the lottery, not in it.

    Parameters
    ----------
    member
        By the keys of `team_change.LENGTHS`: body, certificate, name, role, document.

    Returns
    -------
    int
        Number of the proposed change.

    Raises
    ------
    FaultsError
        Something is missing, too long, or a personal number.
    RefusedError, ConflictError, NotFoundError
        As `empty_seat`; he is recused, has left the team, or sits on it already.
    """
    payload = {name: member.get(name, "").strip() for name in LENGTHS}
    payload |= {"action": "sent", "certificate": await find_spelling(payload["certificate"])}
    return await _propose(
        office, actor, "team", await _subject(inspection), payload | {"inspection": inspection}, reason
    )


async def dismiss_member(
    office: Office, actor: Actor, inspection: int, certificate: str, reason_code: str, reason: str
) -> int:
    """Propose that a member who was sent leaves again; number of the proposed change."""
    payload = {
        "action": "dismissed",
        "certificate": certificate,
        "inspection": inspection,
        "reason_code": reason_code,
    }
    return await _propose(office, actor, "team", await _subject(inspection), payload, reason)


async def _subject(inspection: int) -> str:
    target = await load_target(inspection)
    return f"{target['draw_identifier']}/{target['uscc']}"


async def _propose(
    office: Office, actor: Actor, kind: str, subject: str, payload: dict[str, Any], reason: str
) -> int:
    draft = ChangeDraft(
        kind=kind,
        subject=subject,
        based_on=0,
        payload=payload,
        applies_from=office.today(),
        is_correction=False,
        reason=reason,
    )
    return await propose_change(office, actor, draft)
