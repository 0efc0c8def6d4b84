"""Recusals (回避): proposed by one person, approved by another before a draw is announced."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from agency_credit.database.tables import Recusal
from agency_credit.domain.errors import NotFoundError, RefusedError
from agency_credit.domain.role import APPROVER, Actor
from agency_credit.services.office import Office
from agency_credit.services.operation import operation


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRecusal:
    """A recusal that waits for its second person.

    Parameters
    ----------
    proposed_by
        User name; empty: the operator of the machine.
    """

    recusal_id: int
    certificate: str
    inspector: str
    uscc: str
    agency: str
    category: str
    reason: str
    proposed_by: str
    proposed_at: datetime


async def load_pending_recusals() -> list[PendingRecusal]:
    """Recusals that nobody approved yet, by inspector and agency."""
    rows = await (
        Recusal.select(
            Recusal.id,
            Recusal.category,
            Recusal.reason,
            Recusal.proposed_at,
            Recusal.proposed_by.username.as_alias("proposed_by"),
            Recusal.inspector.certificate.as_alias("certificate"),
            Recusal.inspector.name.as_alias("inspector"),
            Recusal.agency.uscc.as_alias("uscc"),
            Recusal.agency.name.as_alias("agency"),
        )
        .where(Recusal.approved_at.is_null())
        .order_by(Recusal.inspector.certificate)
        .order_by(Recusal.agency.uscc)
    )
    return [
        PendingRecusal(
            recusal_id=row["id"],
            certificate=row["certificate"],
            inspector=row["inspector"],
            uscc=row["uscc"],
            agency=row["agency"],
            category=row["category"],
            reason=row["reason"],
            proposed_by=row["proposed_by"] or "",
            proposed_at=row["proposed_at"],
        )
        for row in rows
    ]


async def approve_recusals(office: Office, actor: Actor, ids: Collection[int] | None = None) -> int:
    """Approve recusals that another person proposed; how many they were.

    Parameters
    ----------
    ids
        Which; None: all that wait.

    Raises
    ------
    ForbiddenError
        The actor is no approver.
    NotFoundError
        One of `ids` does not wait for approval.
    RefusedError
        The actor proposed one of them.
    """
    async with operation(office, actor, "recusal.approve", "recusals", roles=APPROVER) as op:
        rows = await Recusal.select(Recusal.id, Recusal.proposed_by).where(Recusal.approved_at.is_null())
        chosen = [row for row in rows if ids is None or row["id"] in ids]
        if ids is not None and len(chosen) != len(set(ids)):
            raise NotFoundError(
                "recusal.unknown", "one of these recusals does not wait for approval; load the page again"
            )
        if any(row["proposed_by"] == actor.person_id for row in chosen):
            raise RefusedError(
                "recusal.own",
                "{user} proposed one of these recusals; a second person approves them",
                user=actor.username,
            )
        for row in chosen:
            await Recusal.update({Recusal.approved_by: actor.person_id, Recusal.approved_at: op.at}).where(
                Recusal.id == row["id"]
            )
        op.details["approved"] = len(chosen)
    return len(chosen)
