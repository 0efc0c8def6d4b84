"""Replies of agencies: sent at the desk, looked at for personal data alone, shown beside what they reply to.

A person looks at each reply: names and stories about third people are not found by machine. What he may
return it for is personal data and nothing else; whether the agency is right is no question here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agency_credit.database.tables import Agency, Inspection, RecordSalt, Reply, ReplyStep, ReplyText
from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.domain.role import AGENCY, PUBLISHER, Actor, DeskRight, Role, Seat
from agency_credit.inspection.reply_states import (
    ReplyReason,
    ReplyStepName,
    check_new_reply,
    check_reply_step,
)
from agency_credit.publication.masking import check_publishable
from agency_credit.services.agency_seats import seat_of
from agency_credit.services.disclosure import Disclosed, load_disclosures
from agency_credit.services.draw_store import person_of
from agency_credit.services.inspection_views import load_published_results
from agency_credit.services.notices import (
    NewNotice,
    append_notices,
    load_people_with,
    settle_notices,
    tell_agency,
)
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.reply_store import KnownReply, ReplyKind, load_replies, load_shown_replies

MAX_REPLY = 500
"""Characters of a reply; the database holds it too."""
MODERATOR = PUBLISHER
REPLY = "/admin/replies/{number}"
_DECIDED_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTarget:
    """What is replied to, by its address: the commitment of a record, the number of an inspection."""

    kind: ReplyKind
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLine:
    """A reply as the office lists it; `title`: kind of the record, or categories of the result."""

    reply: KnownReply
    uscc: str
    agency: str
    title: str
    is_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReplies:
    """What an agency replied to one target, the newest first.

    Parameters
    ----------
    shown, waiting
        What stands there; what waits to be looked at.
    is_open
        Whoever looks may reply now.
    """

    target: ReplyTarget
    replies: tuple[KnownReply, ...]
    shown: KnownReply | None
    waiting: KnownReply | None
    is_open: bool


async def submit_reply(office: Office, actor: Actor, uscc: str, target: ReplyTarget, text: str) -> int:
    """Send a reply from the agency's own desk; its number.

    Raises
    ------
    NotFoundError
        No seat there; a record or result that is another's, or that is not public.
    ForbiddenError
        A seat that only reads.
    InputError
        Nothing, or more than `MAX_REPLY` characters.
    RefusedError
        A personal number in it.
    ConflictError
        One waits already.
    """
    async with operation(office, actor, "reply.send", uscc, roles=AGENCY) as op:
        seat, text = seat_of(actor, uscc, DeskRight.CLERK), text.strip()
        if not 1 <= len(text) <= MAX_REPLY:
            raise InputError("reply.length", "a reply has 1 to {n} characters", n=MAX_REPLY)
        check_publishable(text)
        number = await _load_target(office, seat, target)
        earlier = await load_replies((Reply.kind == target.kind) & (Reply.target == number))
        check_new_reply([reply.step for reply in earlier])
        row = Reply(
            agency=seat.agency_id,
            kind=target.kind,
            target=number,
            version=len(earlier) + 1,
            by=person_of(actor),
            at=op.at,
        )
        await row.save()
        await ReplyText.insert(ReplyText(reply=row.id, text=text))
        await _append_step(op, int(row.id), 0, ReplyStepName.SUBMITTED)
        op.details["reply"] = int(row.id)
        notice = NewNotice(kind="reply.waits", what=seat.name, path=_path(int(row.id)))
        await append_notices(op, await load_people_with(Role.PUBLISHER), notice)
        return int(row.id)


async def publish_reply(office: Office, actor: Actor, number: int) -> None:
    """Publish a reply that was found to hold no personal data; it takes the place of the one before.

    Raises
    ------
    NotFoundError
        No such reply, or what it replies to is not public any more.
    RefusedError
        It is decided or taken back already.
    """
    async with operation(office, actor, "reply.publish", f"{number}", roles=MODERATOR) as op:
        reply = await _load(number)
        check_reply_step(reply.step, ReplyStepName.PUBLISHED)
        seat = await _agency_of(reply)
        subject = await _public_name(office, reply)
        if subject is None:
            raise NotFoundError("reply.target-gone", "what this reply is about is not public any more")
        check_publishable(reply.text)
        body: dict[str, Json] = {
            "kind": reply.kind,
            "reply": number,
            "target": subject,
            "text": reply.text,
            "version": reply.version,
        }
        index = await op.append_entry("reply.published", seat["uscc"], body, is_committed=True)
        await _append_step(op, number, reply.n_steps, ReplyStepName.PUBLISHED, log_index=index)
        await _tell(op, reply, seat["name"], "reply.published")


async def return_reply(office: Office, actor: Actor, number: int, reasons: Sequence[str]) -> None:
    """Return a reply for the personal data that it holds, and for nothing else.

    Raises
    ------
    InputError
        No reason, or one that is none of `ReplyReason`.
    NotFoundError, RefusedError
        As `publish_reply`.
    """
    known = {reason.value for reason in ReplyReason}
    async with operation(office, actor, "reply.return", f"{number}", roles=MODERATOR) as op:
        if not reasons or not set(reasons) <= known:
            raise InputError("reply.reason", "choose which personal data the reply holds")
        reply = await _load(number)
        check_reply_step(reply.step, ReplyStepName.RETURNED)
        told = " ".join(sorted(set(reasons)))
        await _append_step(op, number, reply.n_steps, ReplyStepName.RETURNED, reasons=told)
        op.details["reasons"] = told
        await _tell(op, reply, (await _agency_of(reply))["name"], "reply.returned")


async def withdraw_reply(office: Office, actor: Actor, uscc: str, number: int) -> KnownReply:
    """Take a reply of one's own agency back, before or after it was published; what it was.

    Raises
    ------
    NotFoundError
        No seat there, or no such reply of this agency.
    ForbiddenError
        A seat that only reads.
    RefusedError
        It was returned, or taken back already.
    """
    async with operation(office, actor, "reply.withdraw", f"{number}", roles=AGENCY) as op:
        seat = seat_of(actor, uscc, DeskRight.CLERK)
        reply = await _load(number)
        if reply.agency != seat.agency_id:
            raise _unknown(number)
        check_reply_step(reply.step, ReplyStepName.WITHDRAWN)
        index = None
        if reply.log_index is not None:
            body: dict[str, Json] = {"entry": reply.log_index, "reply": number}
            index = await op.append_entry("reply.withdrawn", seat.uscc, body)
        await _append_step(op, number, reply.n_steps, ReplyStepName.WITHDRAWN, log_index=index)
        await settle_notices(op, _path(number), "reply.waits")
        return reply


async def load_own_replies(office: Office, seat: Seat, target: ReplyTarget) -> OwnReplies:
    """What the agency of this seat replied to one of its records or results."""
    number = await _find_target(office, seat, target)
    known = await _find_number(seat, target) if number is None else number
    replies = await load_replies((Reply.kind == target.kind) & (Reply.target == known)) if known else []
    shown = (await load_shown_replies(target.kind, [known])).get(known) if known and number else None
    waiting = next((reply for reply in replies if reply.step is ReplyStepName.SUBMITTED), None)
    return OwnReplies(
        target=target,
        replies=tuple(reversed(replies)),
        shown=shown,
        waiting=waiting,
        is_open=number is not None and waiting is None and seat.right.covers(DeskRight.CLERK),
    )


async def load_reply_lines(office: Office, *, is_waiting: bool) -> list[ReplyLine]:
    """Replies that wait, the oldest first; or the last that were decided or taken back, the newest first."""
    last = ReplyStep.select(ReplyStep.reply).where(ReplyStep.step != ReplyStepName.SUBMITTED.value)
    replies = await load_replies(Reply.id.not_in(last) if is_waiting else Reply.id.is_in(last))
    replies.sort(key=lambda reply: (reply.step_at, reply.number), reverse=not is_waiting)
    return [await _line(office, reply) for reply in (replies if is_waiting else replies[:_DECIDED_SHOWN])]


async def load_reply(office: Office, number: int) -> ReplyLine:
    """One reply.

    Raises
    ------
    NotFoundError
        There is none.
    """
    return await _line(office, await _load(number))


async def _line(office: Office, reply: KnownReply) -> ReplyLine:
    agency = await _agency_of(reply)
    title = ""
    if reply.kind == "record":
        found = (await _load_public(office, reply.agency)).get(reply.target)
        title = str(found.row["kind"]) if found else ""
    else:
        result = (await load_published_results(agency=reply.agency)).get(reply.target)
        title = "；".join(result.categories) if result else ""
    return ReplyLine(
        reply=reply,
        uscc=agency["uscc"],
        agency=agency["name"],
        title=title,
        is_public=await _public_name(office, reply) is not None,
    )


async def _append_step(
    op: Operation,
    reply: int,
    n_steps: int,
    step: ReplyStepName,
    *,
    reasons: str = "",
    log_index: int | None = None,
) -> None:
    await ReplyStep.insert(
        ReplyStep(
            reply=reply,
            sequence=n_steps + 1,
            step=step.value,
            reasons=reasons,
            by=person_of(op.actor),
            at=op.at,
            log_index=log_index,
        )
    )


async def _tell(op: Operation, reply: KnownReply, name: str, kind: str) -> None:
    await settle_notices(op, _path(reply.number), "reply.waits")
    path = f"/inspections/{reply.target}"
    if reply.kind == "record":
        salt = await RecordSalt.select(RecordSalt.commitment).where(RecordSalt.record == reply.target).first()
        path = f"/records/{salt['commitment']}" if salt else ""
    await tell_agency(op, reply.agency, NewNotice(kind=kind, what=name, path=path))


async def _load(number: int) -> KnownReply:
    found = await load_replies(Reply.id == number)
    if not found:
        raise _unknown(number)
    return found[0]


async def _agency_of(reply: KnownReply) -> dict[str, str]:
    row: dict[str, str] | None = (
        await Agency.select(Agency.uscc, Agency.name).where(Agency.id == reply.agency).first()
    )
    assert row is not None, "a foreign key holds it"
    return row


async def _load_target(office: Office, seat: Seat, target: ReplyTarget) -> int:
    number = await _find_target(office, seat, target)
    if number is None:
        raise NotFoundError(
            "reply.target-unknown",
            "there is nothing published here to reply to; open the record or result again",
        )
    return number


async def _find_target(office: Office, seat: Seat, target: ReplyTarget) -> int | None:
    """Number of a record or inspection of this agency whose record or result is public."""
    number = await _find_number(seat, target)
    if number is None:
        return None
    if target.kind == "record":
        public = set(await _load_public(office, seat.agency_id))
    else:
        public = set(await load_published_results(agency=seat.agency_id))
    return number if number in public else None


async def _find_number(seat: Seat, target: ReplyTarget) -> int | None:
    """Number of a record or inspection of this agency, public or not."""
    if target.kind == "record":
        record = (
            await RecordSalt.select(RecordSalt.record)
            .where((RecordSalt.commitment == target.key) & (RecordSalt.record.agency == seat.agency_id))
            .first()
        )
        return record["record"] if record else None
    if not (target.key.isascii() and target.key.isdecimal() and len(target.key) < 18):
        return None
    own = await Inspection.exists().where(
        (Inspection.id == int(target.key)) & (Inspection.agency == seat.agency_id)
    )
    return int(target.key) if own else None


async def _load_public(office: Office, agency: int) -> dict[int, Disclosed]:
    """The records of an agency that the public sees today, by their numbers."""
    today = office.today()
    found = (await load_disclosures(office, agency, today)).values()
    return {one.row["id"]: one for one in found if one.is_public(today)}


async def _public_name(office: Office, reply: KnownReply) -> str | None:
    """How an entry names what is replied to: the commitment of a record, draw and unit of a result."""
    if reply.kind == "record":
        found = (await _load_public(office, reply.agency)).get(reply.target)
        return str(found.row["commitment"]) if found else None
    if reply.target not in await load_published_results(agency=reply.agency):
        return None
    row = await (
        Inspection.select(Inspection.draw.draw.as_alias("draw"), Inspection.agency.uscc.as_alias("uscc"))
        .where(Inspection.id == reply.target)
        .first()
    )
    assert row is not None, "it has a published result"
    return f"{row['draw'] or reply.target}/{row['uscc']}"


def _path(number: int) -> str:
    return REPLY.replace("{number}", f"{number}")


def _unknown(number: int) -> NotFoundError:
    return NotFoundError("reply.unknown", "there is no reply {n}", n=number)
