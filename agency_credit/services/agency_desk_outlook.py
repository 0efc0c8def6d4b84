"""What would change the tier of an agency, as its own desk shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agency_credit.domain.errors import AgencyCreditError, NotFoundError
from agency_credit.domain.role import Seat
from agency_credit.services.office import Office
from agency_credit.services.outlook import Outlook, load_outlooks


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskOutlook:
    """The outlook from today on in each practice line; `error`: why there is none, None: there is."""

    outlooks: Sequence[Outlook] = ()
    error: AgencyCreditError | None = None


async def load_desk_outlook(office: Office, seat: Seat) -> DeskOutlook:
    """The outlook of the agency at whose desk somebody sits."""
    try:
        return DeskOutlook(outlooks=await load_outlooks(office, seat.uscc, office.today()))
    except NotFoundError:
        return DeskOutlook()  # in no practice line: nothing rates it
    except AgencyCreditError as error:
        return DeskOutlook(error=error)
