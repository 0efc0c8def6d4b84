"""The form that tries a record which nobody made, at the office and at the desk of an agency."""

from __future__ import annotations

from admin.entered import Entered
from agency_credit.domain.errors import FaultsError
from agency_credit.services.outlook import Outlook, try_record


def read_made_up(entered: Entered, line: str, outlook: Outlook) -> object | None:
    """The answer to the form of one practice line, whose fields begin with the name of the line."""
    if not entered.has(f"{line}-kind"):
        return None
    n_before = len(entered.complaints)
    kind = entered.text(f"{line}-kind", is_required=True)
    decided_on = entered.day(f"{line}-decided_on")
    millipoints = entered.points(f"{line}-points")
    if not kind:
        return None
    try:  # with a day that cannot be read, what else is wrong is still told
        made = try_record(outlook, kind, decided_on or outlook.rating.ledger.on, millipoints)
    except FaultsError as error:
        entered.complaints += [(f"{line}-{fault.at}", fault) for fault in error.faults]
        return None
    return None if len(entered.complaints) > n_before else made
