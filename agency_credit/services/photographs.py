"""Photographs of inspections: for their team and those who read draws, never public (ADR 0031)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from agency_credit.database.tables import Photograph, PhotographContent
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import NotFoundError, RefusedError
from agency_credit.domain.role import INSPECTOR, Actor
from agency_credit.services.desk_results import load_desk_inspection
from agency_credit.services.draw_store import person_of
from agency_credit.services.inspection_sheet import refuse_outsider
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.photograph_bytes import clean_photograph
from agency_credit.services.result_store import load_inspection
from agency_credit.services.results import refuse_stranger

MOST_PHOTOGRAPHS = 40
"""Of one inspection; far more than a visit needs, so that one account cannot fill the disk."""
Kind = Literal["photo", "signed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotographView:
    """A photograph without its bytes."""

    digest: str
    kind: str
    width: int
    height: int
    n_bytes: int
    sent_by: str
    sent_at: datetime


async def add_photograph(office: Office, actor: Actor, inspection: int, data: bytes, kind: Kind) -> str:
    """Keep a photograph, once: sent again, or kept before in other bytes, it is the same one.

    Parameters
    ----------
    kind
        ``"photo"``, or ``"signed"``: a page of the record signed on paper.

    Returns
    -------
    str
        SHA-256 of what is kept.

    Raises
    ------
    InputError
        No picture, or one beyond the limits (`agency_credit.services.photograph_bytes`).
    RefusedError
        The inspection has as many photographs as it may.
    ForbiddenError
        The actor does not sit on the team.
    """
    await refuse_stranger(actor, inspection)  # before anything is decoded
    source = digest(data)
    known = await _load_known(inspection, Photograph.source_digest == source)
    if known is not None:
        return known
    async with office.decoding:
        clean = await asyncio.to_thread(clean_photograph, data)
    async with operation(office, actor, "photograph.add", str(inspection), roles=INSPECTOR) as op:
        await load_inspection(inspection)
        await refuse_stranger(actor, inspection)
        kept = digest(clean.content)
        op.details["digest"] = kept
        is_known = (Photograph.source_digest == source) | (Photograph.digest == kept)
        known = await _load_known(inspection, is_known)
        if known is not None:
            return known
        if await Photograph.count().where(Photograph.inspection == inspection) >= MOST_PHOTOGRAPHS:
            raise RefusedError(
                "photograph.many", "an inspection has at most {n} photographs", n=MOST_PHOTOGRAPHS
            )
        photograph = Photograph(
            inspection=inspection,
            kind=kind,
            digest=kept,
            source_digest=source,
            width=clean.width,
            height=clean.height,
            n_bytes=len(clean.content),
            sent_by=person_of(actor),
            sent_at=op.at,
        )
        await photograph.save()
        await PhotographContent.insert(PhotographContent(photograph=photograph.id, content=clean.content))
        return kept


async def _load_known(inspection: int, condition: Any) -> str | None:
    row = await (
        Photograph.select(Photograph.digest).where((Photograph.inspection == inspection) & condition).first()
    )
    return row["digest"] if row else None


async def load_photographs(inspection: int) -> tuple[PhotographView, ...]:
    """The photographs of an inspection, in the order in which they came."""
    rows = await (
        Photograph.select(*Photograph.all_columns(), Photograph.sent_by.display_name.as_alias("name"))
        .where(Photograph.inspection == inspection)
        .order_by(Photograph.id)
    )
    return tuple(
        PhotographView(
            digest=row["digest"],
            kind=row["kind"],
            width=row["width"],
            height=row["height"],
            n_bytes=row["n_bytes"],
            sent_by=row["name"],
            sent_at=row["sent_at"],
        )
        for row in rows
    )


async def load_photograph(office: Office, actor: Actor, inspection: int, wanted: str) -> bytes:
    """The bytes of a photograph, a JPEG.

    Raises
    ------
    ForbiddenError
        The actor neither sits on the team nor reads draws.
    NotFoundError
        This inspection has no such photograph.
    """
    refuse_outsider(actor, await load_desk_inspection(office, inspection))
    row = await (
        PhotographContent.select(PhotographContent.content)
        .where(
            (PhotographContent.photograph.inspection == inspection)
            & (PhotographContent.photograph.digest == wanted)
        )
        .first()
    )
    if row is None:
        raise NotFoundError("photograph.unknown", "this inspection has no such photograph")
    return bytes(row["content"])
