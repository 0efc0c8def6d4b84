"""What the console shows of proposed changes of rules."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from agency_credit.domain.errors import AgencyCreditError, NotFoundError
from agency_credit.scoring import Instrument
from agency_credit.scoring.compare import Difference, compare_files
from agency_credit.services.change_request import Change, load_change, load_waiting_changes
from agency_credit.services.changes import check_basis, check_correction
from agency_credit.services.office import Office
from agency_credit.services.reference import load_parameter
from agency_credit.services.rule_book import load_rule_book
from agency_credit.services.rule_change import outcome_of
from agency_credit.services.rule_views import PART


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChangeView:
    """A proposed change with what it would do now.

    Parameters
    ----------
    file
        As it reads today; None: there is no such file yet.
    differences, n_differences
        To how the file reads without it on its first day, at most `PART`; how many there are.
        None of them once it is decided.
    obstacle
        Why it could not be approved as things stand; None: it could.
    """

    change: Change
    file: Instrument | None
    is_past: bool
    differences: tuple[Difference, ...]
    n_differences: int
    obstacle: AgencyCreditError | None


async def load_rule_changes() -> list[Change]:
    """Proposals that wait, the oldest first."""
    return await load_waiting_changes("rule")


async def load_rule_change(office: Office, number: int) -> RuleChangeView:
    """A proposal, with the differences it would make.

    Raises
    ------
    NotFoundError
        There is no such proposal.
    """
    change = await load_change(number)
    if change.kind != "rule":
        raise NotFoundError("change.unknown", "there is no proposed change {n}", n=number)
    book, today = await load_rule_book(office), office.today()
    obstacle: AgencyCreditError | None = None
    differences: tuple[Difference, ...] = ()
    if change.decision is None:
        try:
            check_basis(change, len(book.histories.get(change.subject, ())))
            check_correction(change.applies_from, today, is_correction=change.is_correction)
            entered_by = (await load_parameter("office_name")).value or "-"
            outcome = await asyncio.to_thread(
                outcome_of, book, change, entered_by=entered_by, decided_on=today
            )
            differences = compare_files(outcome.before, outcome.after)
        except AgencyCreditError as error:
            obstacle = error
    return RuleChangeView(
        change=change,
        file=book.file_on(change.subject, today),
        is_past=change.applies_from < today,
        differences=differences[:PART],
        n_differences=len(differences),
        obstacle=obstacle,
    )
