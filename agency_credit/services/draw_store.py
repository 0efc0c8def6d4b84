"""What is stored of a draw: its frozen files, its steps, its values, its sealed nonces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agency_credit.database.tables import (
    AuditLine,
    DrawFile,
    DrawPseudonym,
    DrawSecret,
    DrawStep,
    DrawValue,
    DrawVoidRequest,
    LogEntry,
    Person,
)
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import RefusedError, VerificationError
from agency_credit.domain.role import Actor
from agency_credit.inspection import draw_states
from agency_credit.inspection.draw_states import DrawHistory
from agency_credit.publication.entry import parse_entry
from agency_credit.publication.merkle import hash_leaf
from agency_credit.services.office import Office

_LOGGED = {"announcement": "announcement.json", "plan": "plan.json", "result": "result.json"}
"""Whose digests the entries of a draw hold (docs/spec/log.md); the announcement binds the other files."""


def person_of(actor: Actor) -> int:
    """The account of the actor; a draw is run by people, not by the operator of the machine.

    Raises
    ------
    RefusedError
        The actor has no account.
    """
    if actor.person_id is None:
        raise RefusedError("actor.account", "draws are run by people with an account; log in")
    return actor.person_id


async def append_file(draw: int, name: str, content: bytes) -> None:
    """Freeze a file of a draw."""
    await DrawFile.insert(DrawFile(draw=draw, name=name, content=content, digest=digest(content)))


async def load_files(draw: int) -> dict[str, bytes]:
    """The frozen files of a draw by name."""
    rows = await DrawFile.select(DrawFile.name, DrawFile.content).where(DrawFile.draw == draw)
    return {row["name"]: bytes(row["content"]) for row in rows}


async def append_step(
    draw: int,
    step: str,
    actor: Actor,
    at: datetime,
    *,
    log_index: int | None,
    second: int | None = None,
    reason_code: str = "",
    reason: str = "",
) -> None:
    """Make a step; it is unique for the draw, so that the loser of a race fails here."""
    await DrawStep.insert(
        DrawStep(
            draw=draw,
            step=step,
            at=at,
            by=person_of(actor),
            second_by=second,
            reason_code=reason_code,
            reason=reason,
            log_index=log_index,
        )
    )


async def load_history(row: dict[str, Any]) -> DrawHistory:
    """What happened to the draw of this row so far."""
    return await tell_history(row, await load_steps(row["id"]))


async def tell_history(row: dict[str, Any], steps: Sequence[dict[str, Any]]) -> DrawHistory:
    """The history of a draw whose steps were read already."""
    return DrawHistory(
        draw=row["draw"],
        drafted_by=row["drafted_by"],
        steps={draw_states.DrawStep(step["step"]): step["by"] for step in steps},
        changed_by=await _load_changers(row["draw"]),
    )


async def refuse_changed_files(draw: str, files: dict[str, bytes]) -> None:
    """Hold the stored files against what the public log says of them.

    Raises
    ------
    VerificationError
        A file is not the one that was announced or drawn: the store was tampered with.
    """
    rows = await (
        LogEntry.select(LogEntry.entry, LogEntry.leaf_hash)
        .where((LogEntry.subject == draw) & LogEntry.type.is_in(["draw.announced", "draw.drawn"]))
        .order_by(LogEntry.index)
    )
    told: dict[str, object] = {}
    for row in rows:
        if hash_leaf(bytes(row["entry"])) == bytes(row["leaf_hash"]):
            told |= parse_entry(bytes(row["entry"])).body
    for key, name in _LOGGED.items():
        if name in files and told.get(key) != digest(files[name]):
            raise VerificationError(
                "draw.files-changed",
                "{file} of {draw} is not the one in the public log; the database was changed behind"
                " this program, restore it from a backup",
                file=name,
                draw=draw,
            )


async def load_steps(draw: int) -> list[dict[str, Any]]:
    """The steps of a draw in order, with the user names behind them.

    The order is that in which they were stored: a clock may be set back between two of them.
    """
    return await (
        DrawStep.select(
            *DrawStep.all_columns(),
            DrawStep.by.username.as_alias("by_username"),
            DrawStep.by.display_name.as_alias("by_name"),
            DrawStep.second_by.display_name.as_alias("second_name"),
        )
        .where(DrawStep.draw == draw)
        .order_by(DrawStep.id)
    )


async def load_values(draw: int) -> dict[int, str]:
    """The values entered so far by the index of their source; a later entry corrects an earlier one."""
    rows = await (
        DrawValue.select(DrawValue.source, DrawValue.value)
        .where(DrawValue.draw == draw)
        .order_by(DrawValue.id)
    )
    return {row["source"]: row["value"] for row in rows}


async def load_void_requests(draw: int) -> list[dict[str, Any]]:
    """The requests to void the draw, the latest first, waiting for a second person."""
    return await (
        DrawVoidRequest.select(
            *DrawVoidRequest.all_columns(), DrawVoidRequest.requested_by.display_name.as_alias("by_name")
        )
        .where(DrawVoidRequest.draw == draw)
        .order_by(DrawVoidRequest.id, ascending=False)
    )


async def append_nonce(office: Office, draw: int, identifier: str, source: int, nonce: str) -> None:
    """Seal a nonce of this office under the key outside the database."""
    sealed = office.keys.seal(bytes.fromhex(nonce), _nonce_context(identifier, source))
    await DrawSecret.insert(DrawSecret(draw=draw, source=source, sealed=sealed))


async def open_nonces(office: Office, draw: int, identifier: str) -> dict[int, str]:
    """This office's nonces by the index of their source; only for drawing and publishing."""
    rows = await DrawSecret.select(DrawSecret.source, DrawSecret.sealed).where(DrawSecret.draw == draw)
    return {
        row["source"]: office.keys.unseal(
            bytes(row["sealed"]), _nonce_context(identifier, row["source"])
        ).hex()
        for row in rows
    }


async def append_pseudonym(office: Office, draw: int, inspector: int, pseudonym: str, salt: str) -> None:
    """Keep the pseudonym of an inspector in this draw, its salt sealed."""
    sealed = office.keys.seal(bytes.fromhex(salt), f"salt {pseudonym}")
    await DrawPseudonym.insert(
        DrawPseudonym(draw=draw, inspector=inspector, pseudonym=pseudonym, sealed_salt=sealed)
    )


async def load_pseudonyms(draw: int) -> dict[str, int]:
    """Inspectors by their pseudonym in this draw."""
    rows = await DrawPseudonym.select(DrawPseudonym.pseudonym, DrawPseudonym.inspector).where(
        DrawPseudonym.draw == draw
    )
    return {row["pseudonym"]: row["inspector"] for row in rows}


async def open_salts(office: Office, draw: int) -> dict[str, str]:
    """The salts behind the pseudonyms of a draw; only for publishing who served."""
    rows = await DrawPseudonym.select(DrawPseudonym.pseudonym, DrawPseudonym.sealed_salt).where(
        DrawPseudonym.draw == draw
    )
    return {
        row["pseudonym"]: office.keys.unseal(bytes(row["sealed_salt"]), f"salt {row['pseudonym']}").hex()
        for row in rows
    }


async def _load_changers(draw: str) -> frozenset[int]:
    """Who changed the draft; audit lines are written with what they tell of, and only appended."""
    changes = AuditLine.select(AuditLine.actor).where(
        (AuditLine.action == "draw.change") & (AuditLine.subject == draw) & (AuditLine.outcome == "done")
    )
    return frozenset(
        await Person.select(Person.id).where(Person.username.is_in(changes)).output(as_list=True)
    )


def _nonce_context(identifier: str, source: int) -> str:
    return f"nonce {identifier} {source}"
