"""Searching the register: filters, keyset paging, a count."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

import msgspec

from agency_credit.database.tables import Agency, AgencyPractice
from agency_credit.domain.errors import Fault, FaultsError
from agency_credit.domain.points import format_points
from agency_credit.scoring import RulePack
from agency_credit.services.office import Office
from agency_credit.services.reference import load_districts
from agency_credit.services.register import load_latest_ratings
from agency_credit.services.rule_book import load_rule_book
from agency_credit.services.shown_scores import load_open_packs

MAX_LIMIT = 200
PRACTICE_LINES = ("patent", "trademark")
_SPACES_AND_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f]+")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A practice line of an agency and its tier; no tier while it has not been rated.

    `score`: None too where the rule pack does not make it public.
    """

    practice_line: str
    tier: str | None = None
    score: str | None = None
    rated_on: date | None = None
    is_fictional: bool = False


class AgencySummary(msgspec.Struct, frozen=True, kw_only=True):
    """An agency in a list."""

    uscc: str
    name: str
    area: str
    area_name: str
    status: str
    list_status: str
    is_branch: bool
    standings: list[Standing]


class AgencyPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a search; `cursor` asks for the next one, None at the end; `total` counts all."""

    items: list[AgencySummary]
    total: int
    cursor: str | None


class AgencyQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What to search for; empty texts are no filters.

    Parameters
    ----------
    q
        Words that all occur in name, pinyin initials or codes; two Chinese characters suffice.
    area
        Code of a district, or the beginning of codes.
    cursor
        From the page before.
    """

    q: str = ""
    tier: str = ""
    practice_line: str = ""
    area: str = ""
    cursor: str = ""
    limit: int = 50


async def search_agencies(office: Office, query: AgencyQuery) -> AgencyPage:
    """Agencies that fit, by unified social credit code.

    Raises
    ------
    FaultsError
        Every value of the query that cannot be used.
    """
    _check_query(query, await load_known_tiers(office))
    conditions, values = _conditions(query)
    counted = await Agency.raw(f"SELECT count(*) AS n FROM agency a WHERE {conditions}", *values)  # noqa: S608
    found = await Agency.raw(
        f"SELECT a.id FROM agency a WHERE {conditions} AND a.uscc > {{}} ORDER BY a.uscc LIMIT {{}}",  # noqa: S608
        *values,
        query.cursor,
        query.limit + 1,
    )
    items = await _load_summaries(office, [row["id"] for row in found[: query.limit]])
    more = len(found) > query.limit
    return AgencyPage(items=items, total=counted[0]["n"], cursor=items[-1].uscc if more else None)


def like_patterns(q: str) -> list[str]:
    """A pattern for LIKE with the escape ``!`` for each word of `q`, for `Agency.search_text`."""
    words = _SPACES_AND_CONTROLS.sub(" ", unicodedata.normalize("NFKC", q)).lower().split()
    return ["%" + re.sub(r"([!%_])", r"!\1", word) + "%" for word in words]


async def load_known_tiers(office: Office) -> list[str]:
    """Names of the tiers of all rule packs, from the highest down."""
    files = (await load_rule_book(office)).files_on(office.today())
    packs = (file for file in files if isinstance(file, RulePack))
    return list(dict.fromkeys(tier.name for pack in packs for tier in pack.tiers))


def _check_query(query: AgencyQuery, tiers: list[str]) -> None:
    faults = []
    checks = (
        ("q", len(query.q) <= 64, "search for at most 64 characters"),
        ("tier", query.tier in ("", *tiers), "choose one of the tiers {known}"),
        ("practice_line", query.practice_line in ("", *PRACTICE_LINES), "write patent or trademark"),
        ("area", re.fullmatch(r"[0-9]{0,12}", query.area, re.ASCII), "write the digits of a district code"),
        (
            "cursor",
            re.fullmatch(r"[0-9A-Z]{0,18}", query.cursor, re.ASCII),
            "take the cursor of the page before",
        ),
        ("limit", 1 <= query.limit <= MAX_LIMIT, "ask for 1 to {most} at a time"),
    )
    for at, is_good, template in checks:
        if not is_good:
            params: dict[str, str | int] = {"known": ", ".join(tiers), "most": MAX_LIMIT}
            used = {key: value for key, value in params.items() if f"{{{key}}}" in template}
            faults.append(Fault(at=at, code="query.value", template=template, params=used))
    if faults:
        raise FaultsError("query", tuple(faults))


def _conditions(query: AgencyQuery) -> tuple[str, list[str]]:
    """SQL after WHERE with ``{}`` for each of the values; the pieces are constants of this function."""
    parts, values = ["1 = 1"], []
    for pattern in like_patterns(query.q):
        parts.append("a.search_text LIKE {} ESCAPE '!'")
        values.append(pattern)
    if query.area:
        parts.append("a.area LIKE {}")
        values.append(f"{query.area}%")
    if query.practice_line:
        parts.append(
            "EXISTS (SELECT 1 FROM agency_practice p WHERE p.agency = a.id AND p.practice_line = {})"
        )
        values.append(query.practice_line)
    if query.tier:
        line = " AND r.practice_line = {}" if query.practice_line else ""
        parts.append(
            "EXISTS (SELECT 1 FROM rating r WHERE r.agency = a.id AND r.practitioner IS NULL"  # noqa: S608
            f" AND r.tier = {{}}{line} AND NOT EXISTS (SELECT 1 FROM rating n"
            " WHERE n.agency = r.agency AND n.practitioner IS NULL AND n.practice_line = r.practice_line"
            " AND (n.rated_on > r.rated_on OR (n.rated_on = r.rated_on AND n.id > r.id))))"
        )
        values += [query.tier, query.practice_line] if query.practice_line else [query.tier]
    return " AND ".join(parts), values


async def _load_summaries(office: Office, ids: list[int]) -> list[AgencySummary]:
    if not ids:
        return []
    agencies = await Agency.select().where(Agency.id.is_in(ids)).order_by(Agency.uscc)
    practices = await (
        AgencyPractice.select(AgencyPractice.agency, AgencyPractice.practice_line)
        .where(AgencyPractice.agency.is_in(ids))
        .order_by(AgencyPractice.practice_line)
    )
    latest = await load_latest_ratings(ids)
    districts, open_packs = await load_districts(), await load_open_packs(office)
    return [
        AgencySummary(
            uscc=row["uscc"],
            name=row["name"],
            area=row["area"],
            area_name=districts.get(row["area"], ""),
            status=row["status"],
            list_status=row["list_status"],
            is_branch=row["branch_of"] is not None,
            standings=[
                _standing(
                    practice["practice_line"], latest.get((row["id"], practice["practice_line"])), open_packs
                )
                for practice in practices
                if practice["agency"] == row["id"]
            ],
        )
        for row in agencies
    ]


def _standing(practice_line: str, rating: dict[str, Any] | None, open_packs: frozenset[str]) -> Standing:
    if rating is None:
        return Standing(practice_line=practice_line)
    return Standing(
        practice_line=practice_line,
        tier=rating["tier"],
        score=format_points(rating["score"]) if rating["pack_id"] in open_packs else None,
        rated_on=rating["rated_on"],
        is_fictional=rating["is_fictional"],
    )
