"""What the law asks of the agencies by a day and is not done: worked out from the registers, never stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from agency_credit.database.tables import Agency, AgencyPractice, PractitionerPost
from agency_credit.domain.day import day_in_china
from agency_credit.inspection.alarms import (
    ALARM_KINDS,
    AlarmKind,
    AlarmLaw,
    Finding,
    PracticeFacts,
    find_alarms,
    is_one_agency_due,
)
from agency_credit.services.alarm_law import load_alarm_law, source_key
from agency_credit.services.office import Office

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LIVING: tuple[object, ...] = ("in_force", "suspended")
"""Whom the law asks anything of; a cancelled or revoked agency owes no filing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A finding about an agency or a practitioner.

    Parameters
    ----------
    law
        The text behind it.
    person
        Name and certificate of the practitioner; empty where it is about the agency itself.
    others
        Names of the other agencies that claim the practitioner.
    """

    finding: Finding
    practice_line: str
    uscc: str
    name: str
    law: str
    person: str = ""
    others: tuple[str, ...] = ()

    @property
    def kind(self) -> AlarmKind:
        """What it is about."""
        return self.finding.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """All alarms on a day: what is overdue first, then by day.

    Parameters
    ----------
    not_known
        By kind, how many agencies the register says too little of.
    """

    on: date
    alarms: tuple[Alarm, ...]
    not_known: Mapping[str, int] = field(default_factory=dict)

    def count(self, *, is_overdue: bool, kind: str = "") -> int:
        """How many there are, of one kind or of all."""
        return len(self.select(kind, is_overdue=is_overdue))

    def select(self, kind: str = "", *, is_overdue: bool | None = None) -> tuple[Alarm, ...]:
        """Those of one kind (empty: all), overdue or not (None: both)."""
        return tuple(
            alarm
            for alarm in self.alarms
            if kind in ("", alarm.kind) and is_overdue in (None, alarm.finding.is_overdue)
        )


async def load_alarms(office: Office, uscc: str | None = None) -> Alarms:
    """The alarms of today, of everybody or of the agency with this code.

    Raises
    ------
    InputError
        A legal parameter has not the form of its default.
    """
    today = office.today()
    law, sources = await load_alarm_law()
    posts = await _load_posts(uscc)
    n_practitioners = _count_practitioners(posts)
    found: list[Alarm] = []
    not_known: Counter[str] = Counter()
    for row in await _load_practices(uscc):
        facts = _to_facts(row, n_practitioners.get((row["id"], row["practice_line"])))
        for outcome in find_alarms(facts, law, today):
            if isinstance(outcome, Finding):
                found.append(_to_alarm(outcome, row, sources))
            else:
                not_known[outcome] += 1
    found.extend(
        alarm for alarm in _find_two_agencies(posts, law, sources, today) if uscc in (None, alarm.uscc)
    )
    return Alarms(
        on=today,
        alarms=tuple(sorted(found, key=_urgency)),
        not_known={kind: not_known[kind] for kind in ALARM_KINDS if not_known[kind]},
    )


_PRACTICES = (
    'SELECT p."practice_line", p."filed_on", p."valid_until", p."altered_on", p."alteration_filed_on",'
    ' p."report_year", a."id", a."uscc", a."name", a."branch_of", a."established_on", a."legal_form",'
    ' a."n_partners", a."n_certified_partners" FROM "agency_practice" p'
    ' JOIN "agency" a ON a."id" = p."agency" WHERE a."status" IN ({}, {}){whose} ORDER BY p."id"'
)
_POSTS = (
    'SELECT t."practitioner", t."claimed_at", t."released_at", p."name" AS "person", p."certificate",'
    ' p."practice_line", a."id", a."uscc", a."name", a."branch_of" FROM "practitioner_post" t'
    ' JOIN "practitioner" p ON p."id" = t."practitioner" JOIN "agency" a ON a."id" = t."agency"'
    ' WHERE a."status" IN ({}, {}){whose} ORDER BY t."id"'
)
_OF_FIRM = (
    ' AND t."practitioner" IN (SELECT o."practitioner" FROM "practitioner_post" o WHERE o."agency" IN'
    ' (SELECT b."id" FROM "agency" b WHERE b."id" = {} OR b."branch_of" = {}))'
)
"""Of everybody who has or had a post at a firm or one of its branches."""


async def _load_practices(uscc: str | None) -> list[dict[str, Any]]:
    of_agency = "" if uscc is None else ' AND a."uscc" = {}'
    values = _LIVING if uscc is None else (*_LIVING, uscc)
    rows: list[dict[str, Any]] = await AgencyPractice.raw(_PRACTICES.replace("{whose}", of_agency), *values)
    return rows


async def _load_posts(uscc: str | None) -> list[dict[str, Any]]:
    """Posts at agencies that still practise, open and closed, each with agency and person.

    All, or those of whoever has or had one at the firm of the agency with this code.
    """
    of_firm, values = "", _LIVING
    if uscc is not None:
        row = await Agency.select(Agency.id, Agency.branch_of).where(Agency.uscc == uscc).first()
        firm = 0 if row is None else _firm_of(row)
        of_firm, values = _OF_FIRM, (*_LIVING, firm, firm)
    rows: list[dict[str, Any]] = await PractitionerPost.raw(_POSTS.replace("{whose}", of_firm), *values)
    return rows


def _count_practitioners(posts: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str], int]:
    """How many practise at each firm and its branches, by practice line; none for a firm no list named."""
    people: dict[tuple[int, str], set[int]] = {}
    for post in posts:
        here = people.setdefault((_firm_of(post), post["practice_line"]), set())
        if post["released_at"] is None:
            here.add(post["practitioner"])
    return {firm: len(who) for firm, who in people.items()}


def _firm_of(row: Mapping[str, Any]) -> int:
    """The agency itself, or the one whose branch it is."""
    firm: int = row["branch_of"] or row["id"]
    return firm


def _to_facts(row: Mapping[str, Any], n_practitioners: int | None) -> PracticeFacts:
    return PracticeFacts(
        practice_line=row["practice_line"],
        is_branch=row["branch_of"] is not None,
        established_on=row["established_on"],
        filed_on=row["filed_on"],
        valid_until=row["valid_until"],
        altered_on=row["altered_on"],
        alteration_filed_on=row["alteration_filed_on"],
        report_year=row["report_year"],
        legal_form=row["legal_form"],
        n_partners=row["n_partners"],
        n_certified_partners=row["n_certified_partners"],
        n_practitioners=n_practitioners,
    )


def _to_alarm(finding: Finding, row: Mapping[str, Any], sources: Mapping[str, str]) -> Alarm:
    key = source_key(finding.kind, row["practice_line"], row["legal_form"])
    return Alarm(
        finding=finding,
        practice_line=row["practice_line"],
        uscc=row["uscc"],
        name=row["name"],
        law=sources[key],
    )


def _find_two_agencies(
    posts: Sequence[Mapping[str, Any]], law: AlarmLaw, sources: Mapping[str, str], today: date
) -> Iterator[Alarm]:
    """Practitioners whom two firms claim, told of the one that did so last; a firm and its branch are one."""
    claims: dict[int, list[Mapping[str, Any]]] = {}
    for post in posts:
        if post["released_at"] is None and is_one_agency_due(post["practice_line"], law, today):
            claims.setdefault(post["practitioner"], []).append(post)
    for rows in claims.values():
        if len({_firm_of(row) for row in rows}) < 2:
            continue
        *earlier, last = sorted(rows, key=lambda row: row["claimed_at"] or _EARLIEST)
        yield Alarm(
            finding=Finding(
                kind="two-agencies",
                is_overdue=True,
                since=day_in_china(last["claimed_at"]) if last["claimed_at"] else None,
            ),
            practice_line=last["practice_line"],
            uscc=last["uscc"],
            name=last["name"],
            law=sources[source_key("two-agencies", last["practice_line"], "")],
            person=f"{last['person']} {last['certificate']}",
            others=tuple(row["name"] for row in earlier),
        )


def _urgency(alarm: Alarm) -> tuple[bool, date, str, str, str]:
    day = alarm.finding.due_on or alarm.finding.since or date.max
    return not alarm.finding.is_overdue, day, alarm.uscc, alarm.kind, alarm.person
