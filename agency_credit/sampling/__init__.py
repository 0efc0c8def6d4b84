"""The draw of `double-random/1`: files and revealed values in, drawn units and teams out (draw-protocol.md).

The steps stand in the order of the protocol: read the files, announce, check the values, derive the
seed, select, assign, write the result. Everything here takes values and returns values.
"""

from __future__ import annotations

from agency_credit.domain.canonical import root
from agency_credit.sampling.allocation import allocate
from agency_credit.sampling.announcement import announce, check_files, format_announcement
from agency_credit.sampling.assignment import assign
from agency_credit.sampling.entropy import (
    announced_count,
    announced_tenths,
    check_reveal,
    digits_wanted,
    entropy_tenths,
    format_reveal,
    is_in_form,
    parse_reveal,
    source_tenths,
)
from agency_credit.sampling.expectation import (
    Expectation,
    StratumExpectation,
    expect,
    inclusion_probabilities,
)
from agency_credit.sampling.frame import Frame
from agency_credit.sampling.line_files import (
    format_frame,
    format_names,
    format_recusals,
    format_roster,
    parse_frame,
    parse_names,
    parse_recusals,
    parse_roster,
)
from agency_credit.sampling.plan_file import format_plan, parse_plan
from agency_credit.sampling.rehearsal import Rehearsal, rehearse
from agency_credit.sampling.result import (
    DrawFiles,
    DrawOutcome,
    compute_draw,
    compute_result,
    format_result,
    parse_files,
)
from agency_credit.sampling.review import (
    FEW_CANDIDATES,
    Foreseeable,
    SeatCandidates,
    UnfilledReason,
    count_candidates,
    describe_unfilled,
    explain_unfilled,
    foreseeable,
    review_files,
    review_outcome,
)
from agency_credit.sampling.seed import commitment, derive_seed, pseudonym, unit_pseudonym
from agency_credit.sampling.selection import Selection, StratumSelection, select
from agency_credit.sampling.tickets import ticket, tickets

__all__ = [
    "FEW_CANDIDATES",
    "DrawFiles",
    "DrawOutcome",
    "Expectation",
    "Foreseeable",
    "Frame",
    "Rehearsal",
    "SeatCandidates",
    "Selection",
    "StratumExpectation",
    "StratumSelection",
    "UnfilledReason",
    "allocate",
    "announce",
    "announced_count",
    "announced_tenths",
    "assign",
    "check_files",
    "check_reveal",
    "commitment",
    "compute_draw",
    "compute_result",
    "count_candidates",
    "derive_seed",
    "describe_unfilled",
    "digits_wanted",
    "entropy_tenths",
    "expect",
    "explain_unfilled",
    "foreseeable",
    "format_announcement",
    "format_frame",
    "format_names",
    "format_plan",
    "format_recusals",
    "format_result",
    "format_reveal",
    "format_roster",
    "inclusion_probabilities",
    "is_in_form",
    "parse_files",
    "parse_frame",
    "parse_names",
    "parse_plan",
    "parse_recusals",
    "parse_reveal",
    "parse_roster",
    "pseudonym",
    "rehearse",
    "review_files",
    "review_outcome",
    "root",
    "select",
    "source_tenths",
    "ticket",
    "tickets",
    "unit_pseudonym",
]
