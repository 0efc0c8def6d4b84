"""Rows of a list as the preview shows them: by what they do, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence

from agency_credit.services.import_work import RowOutcome

PER_PAGE = 50
STATES = ("all", "new", "changed", "same", "repeated", "forgotten", "faulty", "flagged")


def count_rows(outcomes: Sequence[RowOutcome]) -> dict[str, int]:
    """How many rows are shown under each state; a row that is let in with a warning also stands under
    ``flagged``."""
    counts = dict.fromkeys(STATES, 0)
    counts["all"] = len(outcomes)
    for outcome in outcomes:
        counts[outcome.state] += 1
        counts["flagged"] += _is_flagged(outcome)
    return counts


def choose_rows(outcomes: Sequence[RowOutcome], state: str, page: int) -> tuple[list[RowOutcome], int, int]:
    """The rows of a page, its number from 1 (the nearest that there is), and how many pages there are."""
    chosen = [outcome for outcome in outcomes if _is_in(outcome, state)]
    n_pages = max(1, -(-len(chosen) // PER_PAGE))
    page = min(max(page, 1), n_pages)
    return chosen[(page - 1) * PER_PAGE : page * PER_PAGE], page, n_pages


def _is_in(outcome: RowOutcome, state: str) -> bool:
    return state in ("all", outcome.state) or (state == "flagged" and _is_flagged(outcome))


def _is_flagged(outcome: RowOutcome) -> bool:
    return outcome.state not in ("faulty", "repeated", "forgotten") and bool(outcome.faults)
