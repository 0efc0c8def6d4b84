"""What an agency does with its own inspection at its desk: copies of its papers, a request to step back."""

from __future__ import annotations

from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.domain.role import AGENCY, Actor, DeskRight
from agency_credit.services.agency_inspections import load_own_inspection
from agency_credit.services.agency_seats import seat_of
from agency_credit.services.desk_results import load_desk_inspection
from agency_credit.services.inspection_sheet import make_sheet
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.papers import Paper, PaperKind, print_copy
from agency_credit.services.recusal_applications import append_application
from agency_credit.services.result_store import load_inspection, load_seats


async def print_own_paper(
    office: Office, actor: Actor, uscc: str, inspection: int, kind: PaperKind, base: str
) -> Paper:
    """A copy of a paper that the agency was served, to look at; as of now, and marked as a copy.

    Parameters
    ----------
    base
        As `papers.print_paper`.

    Raises
    ------
    NotFoundError
        No such inspection or paper, or the agency may not know it yet.
    """
    own = await load_own_inspection(office, seat_of(actor, uscc), inspection)
    if kind not in own.papers:
        raise NotFoundError("paper.not-yours", "there is no such paper of this inspection")
    sheet = await make_sheet(office, await load_desk_inspection(office, inspection))
    return await print_copy(office, actor, sheet, kind, base)


async def ask_recusal(
    office: Office, actor: Actor, uscc: str, inspection: int, *, seat: int | None, reason: str
) -> None:
    """Ask at the desk that a member of the team steps back (行政处罚法 art. 43); an approver decides.

    Raises
    ------
    NotFoundError
        No such inspection, or the agency may not know of it yet.
    ForbiddenError
        The actor's right at the desk is narrower than that of a clerk.
    InputError
        No seat of the team, or one of which the agency does not know who sits there; no reason.
    ConflictError, RefusedError
        As `recusal_applications.record_application`.
    """
    async with operation(office, actor, "recusal.ask", str(inspection), roles=AGENCY) as op:
        own = await load_own_inspection(office, seat_of(actor, uscc, DeskRight.CLERK), inspection)
        sits = {row["seat"]: row["inspector"] for row in await load_seats(inspection)}
        known = {member.seat for member in own.team if member.is_known and member.name}
        if seat is None or seat not in known:
            raise InputError("recusal.seat-unknown", "choose a member of this team")
        row = await load_inspection(inspection)
        await append_application(op, row, sits[seat], reason, office.today())
