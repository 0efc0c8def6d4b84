"""Rule files that ship with the software and do not hold here until two people take them over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date

from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.errors import AgencyCreditError, NotFoundError
from agency_credit.scoring import Instrument
from agency_credit.scoring.compare import Difference, compare_files
from agency_credit.services.change_request import load_waiting_changes
from agency_credit.services.office import Office
from agency_credit.services.rule_book import RuleBook, load_shelf
from agency_credit.services.rule_change import draft_instrument, outcome_of
from agency_credit.services.rule_store import OFFICE


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOffer:
    """A file that ships with the software and is no version of the history here.

    Parameters
    ----------
    file
        As it ships.
    held
        As it reads here today or, where the new text begins later, on that day; None: it is new here.
    is_decided_here
        Two people of this office have decided a version of it, so that nothing continues it but they.
    obstacle
        Why it could not hold from its first day in force on as things stand; None: it could.
    proposal
        Number of the change that proposes it and waits; None: there is none.
    """

    file: Instrument
    held: Instrument | None
    is_decided_here: bool
    obstacle: AgencyCreditError | None
    proposal: int | None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What the text changes, to how it reads here."""
        return compare_files(self.held, self.file)


async def load_rule_offers(office: Office, instrument: str | None = None) -> list[RuleOffer]:
    """What ships with the software and was not taken over, in the order of the files.

    Parameters
    ----------
    instrument
        The id of one file; None: of all.
    """
    shelf, today = await load_shelf(office), office.today()
    known = {(stored.step.instrument, stored.step.content) for stored in shelf.steps}
    decided = {stored.step.instrument for stored in shelf.steps if stored.origin == OFFICE}
    found = []
    for file in office.shipped:
        if instrument in (None, file.id) and (file.id, file.content.decode()) not in known:
            offer = RuleOffer(
                file=file,
                held=shelf.book.file_on(file.id, max(today, file.effective_from)),
                is_decided_here=file.id in decided,
                obstacle=await _find_obstacle(shelf.book, file, today),
                proposal=await _find_proposal(file),
            )
            found.append(offer)
    return found


async def load_rule_offer(office: Office, instrument: str) -> RuleOffer:
    """The offered text of one file.

    Raises
    ------
    NotFoundError
        The software ships no text of it that is not known here.
    """
    found = await load_rule_offers(office, instrument)
    if not found:
        raise NotFoundError(
            "rules.not-offered",
            "the software ships no text of {id} that is not in its history here; look at /admin/rules",
            id=instrument[:60],
        )
    return found[0]


async def _find_obstacle(book: RuleBook, file: Instrument, today: date) -> AgencyCreditError | None:
    draft = await draft_instrument(file, applies_from=file.effective_from, is_correction=True, reason="")
    try:
        await asyncio.to_thread(outcome_of, book, draft, entered_by="-", decided_on=today)
    except AgencyCreditError as error:
        return error
    return None


async def _find_proposal(file: Instrument) -> int | None:
    changes = await load_waiting_changes("rule", file.id)
    same = (c.number for c in changes if format_canonical(c.payload.get("file")) == file.content)
    return next(same, None)
