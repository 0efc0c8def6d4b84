"""From the registers to the frozen files of a draw: targets, inspectors, recusals.

Frame rules: agencies and branches in force; those on a list for which the profile of the area says so are
inspected without lot (mandatory), even above the annual cap; others above the cap are excluded, with the
reason. Strata are practice line × public credit tier and nothing else: a confidential risk class is not
even in the store, so that it can never show through a stratum (docs/legal-sources.md, 0.4, 0.6, R6–R10).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec

from agency_credit.database.tables import (
    Agency,
    AgencyPractice,
    CreditRecord,
    Inspector,
    Rating,
    RecordEvent,
    Recusal,
)
from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.errors import InputError, RefusedError
from agency_credit.scoring import Profile
from agency_credit.services.draw_task import Partner, skills_with_body
from agency_credit.services.inspection_counts import NO_VISITS, Tally, load_tallies
from agency_credit.services.office import Office
from agency_credit.services.supervision import find_mandatory, find_value, load_profile

PracticeLine = Literal["patent", "trademark"]
LINE_NAMES: dict[PracticeLine, str] = {"patent": "专利", "trademark": "商标"}
"""How strata are named; published names, hence not translated."""
ANNUAL_CAP = "annual-cap"
"""What the profile calls the most inspections of one agency in a year."""
_CAP_OF_PLAN = "本方案设定的年度检查频次上限"
LIST_NAMES = {"abnormal": "列入经营异常名录", "serious": "列入严重违法失信名单"}
TIERS = ("A+", "A", "B", "C", "D")
"""The public credit tiers, best first (docs/legal-sources.md, 1.2)."""


class FrameScope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom a draw is about.

    Parameters
    ----------
    practice_lines
        One or both.
    areas
        District codes; empty: the whole area of the authority.
    annual_cap
        Most inspections of one agency in a calendar year; None: no cap is known.
    directed
        Whether only agencies of some kind are framed (定向): those that fit every
        criterion that is not empty.
    tiers, list_status, record_kinds
        Criteria: public tier of the stratum; public list; a credit record of one of these kinds that was
        decided on `records_since` or later and was not withdrawn.
    """

    practice_lines: list[PracticeLine]
    areas: list[str]
    annual_cap: int | None
    directed: bool = False
    tiers: list[str] = []
    list_status: list[Literal["abnormal", "serious"]] = []
    record_kinds: list[str] = []
    records_since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a unit takes no part in the lottery; public."""

    basis: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLine:
    """A unit of the frame before it is frozen; `name` and `tally`, its visits this year, stay inside."""

    unit: str
    name: str
    area: str
    stratum: str
    size: int
    excluded: Reason | None
    mandatory: Reason | None
    tally: Tally = NO_VISITS


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumSize:
    """Units of a stratum: all of them, and those that take part in the lottery."""

    stratum: str
    n_units: int
    n_eligible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratification:
    """Today's frame and its strata, sorted by code point."""

    lines: tuple[FrameLine, ...]
    strata: tuple[StratumSize, ...]


async def load_stratification(
    office: Office, scope: FrameScope, *, by_size: bool, year: int | None = None
) -> Stratification:
    """Build the frame of today.

    Parameters
    ----------
    by_size
        Whether units carry their number of staff as size (Pareto selection), else 1.
    year
        Calendar year whose inspections the annual cap counts; None: the present one.

    Raises
    ------
    InputError
        No practice line was chosen.
    RefusedError
        An agency in force has no tier yet: rate first.
    """
    if not scope.practice_lines:
        raise InputError("scope.lines", "choose patent agencies, trademark agencies or both")
    agencies = await _load_agencies(scope)
    tiers = await _load_tiers(office.today())
    unrated = [a["name"] for a, lines in agencies if any((a["id"], line) not in tiers for line in lines)]
    if unrated:
        raise RefusedError(
            "frame.unrated",
            "{n} agencies have no credit tier yet, the first is {name}; rate all agencies first",
            n=len(unrated),
            name=unrated[0],
        )
    this_year = office.today().year
    tallies = await load_tallies(office, year or this_year)
    profile = await load_profile(office)
    published = find_value(profile, ANNUAL_CAP)
    rules = _FrameRules(
        profile=profile,
        cap_basis=str(published.citation) if published else _CAP_OF_PLAN,
        cap=scope.annual_cap,
        year_name="本年度" if year in (None, this_year) else f"{year}年度",
        by_size=by_size,
    )
    recorded = await _load_recorded(scope)
    lines = tuple(
        line
        for line, agency in _frame_lines(agencies, tiers, rules, tallies)
        if _fits(line, agency, scope, recorded)
    )
    return Stratification(lines=lines, strata=count_strata(lines))


def _frame_lines(
    agencies: list[tuple[dict[str, Any], list[PracticeLine]]],
    tiers: dict[tuple[int, str], str],
    rules: _FrameRules,
    tallies: Mapping[int, Tally],
) -> Iterator[tuple[FrameLine, dict[str, Any]]]:
    for agency, practices in agencies:
        stratum = _worst_stratum(agency["id"], practices, tiers)
        tally = tallies.get(agency["id"], NO_VISITS)
        yield _frame_line(agency, practices, stratum, rules, tally), agency


def _fits(
    line: FrameLine, agency: dict[str, Any], scope: FrameScope, recorded: frozenset[int] | None
) -> bool:
    """Whether a unit is of the kind that a directed draw is about."""
    return (
        (not scope.tiers or line.stratum.partition("-")[2] in scope.tiers)
        and (not scope.list_status or agency["list_status"] in scope.list_status)
        and (recorded is None or agency["id"] in recorded)
    )


async def load_record_kinds() -> tuple[str, ...]:
    """The kinds of credit records there are, for the criteria of a directed draw."""
    kinds = await CreditRecord.select(CreditRecord.kind).distinct().output(as_list=True)
    return tuple(sorted(kind for kind in kinds if kind))  # a forgotten record has none


async def _load_recorded(scope: FrameScope) -> frozenset[int] | None:
    """Agencies with a record as the criteria say; None: they say nothing of records."""
    if not scope.record_kinds:
        return None
    query = CreditRecord.select(CreditRecord.id, CreditRecord.agency).where(
        CreditRecord.kind.is_in(scope.record_kinds)
    )
    if scope.records_since is not None:
        query = query.where(CreditRecord.decided_on >= scope.records_since)
    rows = await query
    withdrawn = {
        row["record"]
        for row in await RecordEvent.select(RecordEvent.record).where(RecordEvent.event == "withdrawn")
    }
    return frozenset(row["agency"] for row in rows if row["id"] not in withdrawn)


def format_targets(lines: tuple[FrameLine, ...]) -> bytes:
    """`targets.jsonl` of the frame (draw-protocol.md, section 1)."""
    return format_lines(
        [
            {
                "area": line.area,
                "excluded": _format_reason(line.excluded),
                "mandatory": _format_reason(line.mandatory),
                "size": line.size,
                "stratum": line.stratum,
                "unit": line.unit,
            }
            for line in lines
        ],
        "unit",
    )


async def load_roster(limit: int, own: str = "", partners: Sequence[Partner] = ()) -> list[dict[str, Any]]:
    """Inspectors who are on duty: id, certificate, name, areas, skills, limit.

    Parameters
    ----------
    own, partners
        In a joint draw this body and the others: whom an inspector serves is then one of his skills.
    """
    rows = await Inspector.select().where(Inspector.status == "active").order_by(Inspector.certificate)
    return [
        {
            "id": row["id"],
            "certificate": row["certificate"],
            "name": row["name"],
            "areas": sorted(msgspec.json.decode(row["area_codes_json"])),
            "skills": skills_with_body(
                msgspec.json.decode(row["skills_json"]), row["organisation"], own, partners
            ),
            "limit": limit if row["draw_limit"] is None else row["draw_limit"],
        }
        for row in rows
    ]


def format_inspectors(roster: list[dict[str, Any]], pseudonyms: dict[int, str]) -> bytes:
    """`inspectors.jsonl`: the roster under the pseudonyms of this draw, by inspector id."""
    return format_lines(
        [
            {
                "areas": person["areas"],
                "inspector": pseudonyms[person["id"]],
                "limit": person["limit"],
                "skills": person["skills"],
            }
            for person in roster
        ],
        "inspector",
    )


async def format_recusals(pseudonyms: dict[int, str], units: set[str]) -> bytes:
    """`recusals.jsonl`: approved recusals between people on the roster and units of the frame.

    Raises
    ------
    RefusedError
        A recusal is waiting for its second person.
    """
    rows = await Recusal.select(Recusal.inspector, Recusal.approved_at, Recusal.agency.uscc.as_alias("unit"))
    waiting = sum(row["approved_at"] is None for row in rows)
    if waiting:
        raise RefusedError(
            "recusal.unapproved", "{n} recusals wait for the approval of a second person", n=waiting
        )
    pairs: list[dict[str, Json]] = [
        {"inspector": pseudonyms[row["inspector"]], "unit": row["unit"]}
        for row in rows
        if row["inspector"] in pseudonyms and row["unit"] in units
    ]
    return format_lines(pairs, "unit", "inspector")


def format_lines(items: list[dict[str, Json]], *keys: str) -> bytes:
    """Canonical lines sorted by `keys`."""
    ordered = sorted(items, key=lambda item: [str(item[key]) for key in keys])
    return b"".join(format_canonical(item) + b"\n" for item in ordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FrameRules:
    profile: Profile | None
    cap_basis: str
    cap: int | None
    year_name: str
    by_size: bool


def _frame_line(
    agency: dict[str, Any],
    practices: list[PracticeLine],
    stratum: str,
    rules: _FrameRules,
    tally: Tally,
) -> FrameLine:
    mandatory = excluded = None
    rule = find_mandatory(rules.profile, practices, agency["list_status"])
    if rule is not None:
        since = agency["list_since"]
        text = LIST_NAMES[agency["list_status"]] + (f"（{since.isoformat()}起）" if since else "")
        mandatory = Reason(basis=str(rule.citation), reason=text)
    elif rules.cap is not None and tally.n_counted >= rules.cap:
        text = f"{rules.year_name}已检查{tally.describe()}，达到年度上限{rules.cap}次"
        excluded = Reason(basis=rules.cap_basis, reason=text)
    return FrameLine(
        unit=agency["uscc"],
        name=agency["name"],
        area=agency["area"],
        stratum=stratum,
        size=max(1, agency["n_staff"] or 1) if rules.by_size else 1,
        excluded=excluded,
        mandatory=mandatory,
        tally=tally,
    )


def _worst_stratum(agency: int, practices: list[PracticeLine], tiers: dict[tuple[int, str], str]) -> str:
    # One visit for both lines, so one stratum: that of the worse tier; of equal tiers the patent line's.
    line = max(practices, key=lambda line: (TIERS.index(tiers[agency, line]), line == "patent"))
    return f"{LINE_NAMES[line]}-{tiers[agency, line]}"


def count_strata(lines: tuple[FrameLine, ...]) -> tuple[StratumSize, ...]:
    """The strata of a frame with their sizes, sorted by code point."""
    units = Counter(line.stratum for line in lines)
    eligible = Counter(line.stratum for line in lines if not line.excluded and not line.mandatory)
    return tuple(
        StratumSize(stratum=stratum, n_units=units[stratum], n_eligible=eligible[stratum])
        for stratum in sorted(units)
    )


def _format_reason(reason: Reason | None) -> dict[str, Json] | None:
    return None if reason is None else {"basis": reason.basis, "reason": reason.reason}


async def _load_agencies(scope: FrameScope) -> list[tuple[dict[str, Any], list[PracticeLine]]]:
    query = Agency.select().where(Agency.status == "in_force").order_by(Agency.uscc)
    if scope.areas:
        query = query.where(Agency.area.is_in(scope.areas))
    practices: dict[int, list[PracticeLine]] = {}
    for row in await AgencyPractice.select(AgencyPractice.agency, AgencyPractice.practice_line):
        if row["practice_line"] in scope.practice_lines:
            practices.setdefault(row["agency"], []).append(row["practice_line"])
    return [(row, practices[row["id"]]) for row in await query if row["id"] in practices]


async def _load_tiers(on: date) -> dict[tuple[int, str], str]:
    rows = await (
        Rating.select(Rating.agency, Rating.practice_line, Rating.tier)
        .where((Rating.rated_on <= on) & Rating.practitioner.is_null())
        .order_by(Rating.rated_on, Rating.id)
    )
    latest = {(row["agency"], row["practice_line"]): row["tier"] for row in rows}  # the latest wins
    return {key: tier for key, tier in latest.items() if tier}  # a redacted one is none
