"""Proposed changes as they are stored, with what became of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agency_credit.database.tables import ChangeDecision, ChangeRequest, Person, SealedPlace
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.errors import NotFoundError, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDraft:
    """What somebody proposes.

    Parameters
    ----------
    kind
        A key of `agency_credit.services.changes.KINDS`.
    subject
        What is to be changed: id of a rule file, commitment of a record.
    based_on
        Number of what the proposer looked at.
    payload
        What the kind needs to know; canonical JSON.
    applies_from
        First day on which it is to hold.
    is_correction
        The proposer says that it reaches into the past.
    """

    kind: str
    subject: str
    based_on: int
    payload: dict[str, Any]
    applies_from: date
    is_correction: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of a change; `verdict`: approved, rejected or withdrawn."""

    verdict: str
    reason: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(ChangeDraft):
    """A stored proposal; `decision` None: it waits."""

    number: int
    proposed_by: int
    proposed_by_name: str
    proposed_at: datetime
    decision: Decision | None


def refuse_clock_set_back(now: datetime, last: datetime | None) -> None:
    """Refuse to go on before what happened last: what was known when could not be told any more.

    Raises
    ------
    RefusedError
        `now` lies before `last`.
    """
    if last is not None and now < last:
        raise RefusedError(
            "change.clock",
            "the clock of this machine stands before the last change; set it right and try again",
        )


async def append_request(draft: ChangeDraft, person: int, at: datetime) -> int:
    """Store a proposal that was checked; its number."""
    row = ChangeRequest(
        kind=draft.kind,
        subject=draft.subject,
        based_on=draft.based_on,
        payload_json=format_canonical(draft.payload).decode(),
        applies_from=draft.applies_from,
        is_correction=draft.is_correction,
        reason=draft.reason,
        proposed_by=person,
        proposed_at=at,
    )
    await row.save()
    return int(row.id)


async def append_decision(request: int, verdict: str, reason: str, person: int, at: datetime) -> None:
    """Store what became of a proposal."""
    await ChangeDecision.insert(
        ChangeDecision(request=request, verdict=verdict, reason=reason, by=person, at=at)
    )


async def load_change(number: int) -> Change:
    """A proposal by its number.

    Raises
    ------
    NotFoundError
        There is none.
    """
    found = await _load(ChangeRequest.id == number)
    if not found:
        raise NotFoundError("change.unknown", "there is no proposed change {n}", n=number)
    return found[0]


async def load_waiting_changes(kind: str, subject: str | None = None) -> list[Change]:
    """Proposals that nobody decided yet, the oldest first; none about what was forgotten meanwhile.

    Parameters
    ----------
    subject
        None: all of the kind.
    """
    decided = ChangeDecision.select(ChangeDecision.request)
    forgotten = SealedPlace.select(SealedPlace.row).where(SealedPlace.place == "change_request")
    where = (ChangeRequest.kind == kind) & ChangeRequest.id.not_in(decided)
    where = where & ChangeRequest.id.not_in(forgotten)
    return await _load(where if subject is None else where & (ChangeRequest.subject == subject))


async def load_changes_by_number(numbers: list[int]) -> dict[int, Change]:
    """These proposals."""
    return (
        {change.number: change for change in await _load(ChangeRequest.id.is_in(numbers))} if numbers else {}
    )


async def _load(where: Any) -> list[Change]:
    rows = await ChangeRequest.select().where(where).order_by(ChangeRequest.id)
    if not rows:
        return []
    decisions = await ChangeDecision.select().where(ChangeDecision.request.is_in([row["id"] for row in rows]))
    people = {row["proposed_by"] for row in rows} | {row["by"] for row in decisions}
    names = {
        row["id"]: row["display_name"] or row["username"]
        for row in await Person.select(Person.id, Person.username, Person.display_name).where(
            Person.id.is_in(sorted(people))
        )
    }
    decided = {row["request"]: row for row in decisions}
    return [_change(row, decided.get(row["id"]), names) for row in rows]


def _change(row: dict[str, Any], decided: dict[str, Any] | None, names: dict[int, str]) -> Change:
    return Change(
        number=row["id"],
        kind=row["kind"],
        subject=row["subject"],
        based_on=row["based_on"],
        payload=json.loads(row["payload_json"]),
        applies_from=row["applies_from"],
        is_correction=row["is_correction"],
        reason=row["reason"],
        proposed_by=row["proposed_by"],
        proposed_by_name=names[row["proposed_by"]],
        proposed_at=row["proposed_at"],
        decision=_decision(decided, names) if decided else None,
    )


def _decision(row: dict[str, Any], names: dict[int, str]) -> Decision:
    return Decision(verdict=row["verdict"], reason=row["reason"], by_name=names[row["by"]], at=row["at"])
