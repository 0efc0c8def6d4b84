"""What all pages of a desk share: the seat that opens it, and its frame."""

from __future__ import annotations

from collections.abc import Iterable

from litestar.response import Template

from admin.page import AnyRequest, Complaint, opened_to
from agency_credit.domain.role import AGENCY, Actor, DeskRight, Seat
from agency_credit.services.agency_seats import seat_of

AT_DESK = opened_to(AGENCY)
"""`opt` of every handler of the desk: an agency's person, and then `open_desk` asks for the seat."""


def open_desk(request: AnyRequest, actor: Actor, uscc: str, right: DeskRight = DeskRight.READER) -> Seat:
    """The actor's seat at this desk, which the frame of the page shows.

    Raises
    ------
    NotFoundError
        No seat there, whether or not there is such an agency: the page does not exist for him.
    ForbiddenError
        A seat whose right is too narrow.
    """
    seat = seat_of(actor, uscc, right)
    request.state.seat = seat
    return seat


def show_desk(
    name: str, /, *, status_code: int = 200, faults: Iterable[Complaint] = (), **context: object
) -> Template:
    """The page `name` of the desk; with faults it says 422 and keeps what was entered."""
    complaints = list(faults)
    return Template(
        f"agency/{name}.html",
        context={"is_fictional": False, "faults": complaints, **context},
        status_code=422 if complaints else status_code,
    )
