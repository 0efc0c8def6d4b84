"""What a draft, or an announced draw, lets everybody expect: chances, seats, bits, warnings.

A draft is looked at under made-up pseudonyms, and where a page of it is not filled in yet, with something
in its place, so that the numbers of the other pages are there from the start.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import AgencyCreditError, Fault, FaultsError, RefusedError
from agency_credit.domain.plan import EntropyForm
from agency_credit.sampling import (
    FEW_CANDIDATES,
    DrawFiles,
    Expectation,
    announced_count,
    count_candidates,
    expect,
    parse_files,
    parse_plan,
    review_files,
    source_tenths,
)
from agency_credit.services.draw_draft import NO_COMMITMENT, DrawDraft, format_plan_of, own_sources
from agency_credit.services.draw_lists import DrawLists
from agency_credit.services.frame import format_inspectors, format_targets

_STAND_INS: tuple[dict[str, Any], ...] = (
    {},
    {
        "entropy": [
            {"kind": "commitment", "party": "—", "commitment": NO_COMMITMENT},
            {"kind": "public", "event": "—", "form": "drand", "at": "2100-01-01T00:00:00+08:00"},
        ]
    },
    {"title": "—", "authority": "—", "basis": ["—"], "items": ["—"], "entrustment": None},
    {"seats": [{"role": "—", "skills": []}, {"role": "——", "skills": []}]},
)
"""What stands in for pages that are not sound yet, tried one after another, each with those before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatOutlook:
    """A seat of every team, and how many inspectors may sit on it.

    Parameters
    ----------
    least, most
        Over the units that can be drawn or are mandatory.
    n_few, n_nobody
        Units for which fewer than three may, and for which nobody may.
    """

    role: str
    skills: tuple[str, ...]
    least: int
    most: int
    n_few: int
    n_nobody: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOutlook:
    """A source of chance as the plan names it.

    Parameters
    ----------
    at
        As written; empty for a commitment.
    n_digits
        How many digits or throws the event announces; None: other forms, or it does not say.
    tenths
        Tenths of a bit that it carries.
    """

    kind: str
    name: str
    form: str
    at: str
    commitment: str
    n_digits: int | None
    tenths: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftReview:
    """What follows from the files.

    Parameters
    ----------
    files
        None where they cannot be put together yet, and with them what follows from them.
    faults
        Between the files: what keeps the draw from being announced although each page is sound.
    """

    files: DrawFiles | None = None
    numbers: Expectation | None = None
    seats: tuple[SeatOutlook, ...] = ()
    warnings: tuple[Fault, ...] = ()
    faults: tuple[Fault, ...] = ()
    n_recusals: int = 0


async def review_draft(draw: str, draft: DrawDraft, lists: DrawLists | None) -> DraftReview:
    """Look at a draft under made-up pseudonyms; the same draft always gives the same review."""
    if lists is None:
        return DraftReview()
    pseudonyms = {person["id"]: digest(str(person["id"]).encode()) for person in lists.roster}
    try:
        recusals = await lists.format_recusals(pseudonyms)
    except RefusedError as error:
        waiting = Fault(at="seats", code=error.code, template=error.template, params=error.params)
        return dataclasses.replace(_review(draw, draft, lists, pseudonyms, b""), faults=(waiting,))
    return _review(draw, draft, lists, pseudonyms, recusals)


def review_announced(contents: Mapping[str, bytes]) -> DraftReview:
    """Look at what was announced; `contents`: the frozen files by name."""
    files = parse_files(contents)
    return DraftReview(
        files=files,
        numbers=expect(files.frame, files.plan),
        seats=_look_at_seats(files),
        warnings=review_files(files),
        n_recusals=contents["recusals.jsonl"].count(b"\n"),
    )


def look_at_sources(entropy: Iterable[Mapping[str, Any]]) -> tuple[SourceOutlook, ...]:
    """The sources of a plan, sound or not yet, in its order."""
    return tuple(_look_at_source(source) for source in entropy)


def _review(
    draw: str, draft: DrawDraft, lists: DrawLists, pseudonyms: dict[int, str], recusals: bytes
) -> DraftReview:
    plan_file, is_whole = try_plan(draw, draft)
    if plan_file is None:
        return DraftReview()
    contents = {
        "plan.json": plan_file,
        "targets.jsonl": format_targets(lists.frame.lines),
        "inspectors.jsonl": format_inspectors(lists.roster, pseudonyms),
        "recusals.jsonl": recusals,
    }
    try:
        found = review_announced(contents)
    except FaultsError as error:
        return DraftReview(faults=error.faults if is_whole else (), n_recusals=recusals.count(b"\n"))
    return found


def try_plan(draw: str, draft: DrawDraft) -> tuple[bytes | None, bool]:
    """`plan.json` of the draft, and whether it is all the draft's own; None where nothing helps."""
    changes: dict[str, Any] = {}
    for stand_in in _STAND_INS:
        changes |= stand_in
        tried = replace(draft, plan=replace(draft.plan, **changes))
        content = format_plan_of(draw, tried, dict.fromkeys(own_sources(tried), NO_COMMITMENT))
        try:
            parse_plan(content)
        except AgencyCreditError:
            continue
        return content, not changes
    return None, False


def _look_at_seats(files: DrawFiles) -> tuple[SeatOutlook, ...]:
    frame = files.frame
    kept = [row for row, unit in enumerate(frame.units) if unit not in frame.excluded]
    counts = count_candidates(
        [frame.units[row] for row in kept],
        [frame.areas[row] for row in kept],
        files.plan,
        files.roster,
        files.recusals,
    )
    seats = []
    for index, seat in enumerate(files.plan.seats):
        numbers = [count.n_candidates for count in counts if count.seat == index]
        seats.append(
            SeatOutlook(
                role=seat.role,
                skills=seat.skills,
                least=min(numbers, default=0),
                most=max(numbers, default=0),
                n_few=sum(n < FEW_CANDIDATES for n in numbers),
                n_nobody=sum(n == 0 for n in numbers),
            )
        )
    return tuple(seats)


def _look_at_source(source: Mapping[str, Any]) -> SourceOutlook:
    is_public = source.get("kind") == "public"
    form = str(source.get("form", ""))
    is_known = is_public and form in set(EntropyForm)
    event = str(source.get("event", ""))
    n_digits = announced_count(event, EntropyForm(form)) if is_known else None
    return SourceOutlook(
        kind="public" if is_public else "commitment",
        name=event if is_public else str(source.get("party", "")),
        form=form,
        at=str(source.get("at", "")) if is_public else "",
        commitment=str(source.get("commitment") or ""),
        n_digits=n_digits,
        tenths=source_tenths(EntropyForm(form), n_digits) if is_known else 0,
    )
