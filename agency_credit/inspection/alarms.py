"""What the law asks of an agency by a day, held against what is known of it: alarms. Pure.

Every number is of an `AlarmLaw`, which its caller reads from reference data; a number that is not known
switches its alarm off. What is not known of an agency raises no alarm: it is counted as not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from agency_credit.domain.period import earliest_start, last_day_after_months

AlarmKind = Literal[
    "filing", "alteration", "report", "partners", "certified", "practitioners", "two-agencies"
]
ALARM_KINDS: tuple[AlarmKind, ...] = (
    *("filing", "alteration", "report", "partners", "certified", "practitioners", "two-agencies"),
)

MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmLaw:
    """The numbers; None, or no key, where none is known.

    Parameters
    ----------
    filing_months, renewal_months
        How long a filing of a trademark agency holds, and how long before its end it can be renewed.
    alteration_days
        Within how many days a change of what was filed has to be filed.
    report_from, report_until
        Month and day between which a patent agency reports on the year before.
    least_partners, certified_share
        Of a patent agency, by legal form.
    least_practitioners
        Of a patent agency.
    one_agency_from
        By practice line, the day from which a practitioner may practise at one agency only.
    """

    filing_months: int | None = None
    renewal_months: int | None = None
    alteration_days: int | None = None
    report_from: MonthDay | None = None
    report_until: MonthDay | None = None
    least_partners: Mapping[str, int] = field(default_factory=dict)
    certified_share: Mapping[str, Fraction] = field(default_factory=dict)
    least_practitioners: int | None = None
    one_agency_from: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeFacts:
    """What is known of an agency in one practice line; None: not known, or there is none.

    Parameters
    ----------
    n_practitioners
        Who practises there according to the register; None: no list ever named anybody there.
    """

    practice_line: str
    is_branch: bool = False
    established_on: date | None = None
    filed_on: date | None = None
    valid_until: date | None = None
    altered_on: date | None = None
    alteration_filed_on: date | None = None
    report_year: int | None = None
    legal_form: str = "unknown"
    n_partners: int | None = None
    n_certified_partners: int | None = None
    n_practitioners: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that the law asks and that is not done, or soon has to be.

    Parameters
    ----------
    is_overdue
        Whether it should be done already; else there is time until `due_on`.
    since
        First day of this state; None: not known.
    numbers
        What a sentence about it names: counts, years, shares.
    is_derived
        Whether `due_on` was worked out from another day, and what happened since is not known.
    """

    kind: AlarmKind
    is_overdue: bool
    since: date | None = None
    due_on: date | None = None
    numbers: Mapping[str, str] = field(default_factory=dict)
    is_derived: bool = False


NotKnown = AlarmKind
Outcome = Finding | NotKnown
"""A finding, or the kind of alarm of which it is not known whether there is one."""


def find_alarms(facts: PracticeFacts, law: AlarmLaw, on: date) -> Iterator[Outcome]:
    """What an agency has to do in one practice line, and what cannot be told.

    A branch has a filing of its own; partners, practitioners and the annual report are those of its firm.
    """
    if facts.practice_line == "trademark":
        yield from _find_filing(facts, law, on)
        yield from _find_alteration(facts, law, on)
    elif not facts.is_branch:
        yield from _find_report(facts, law, on)
        yield from _find_partners(facts, law)
        yield from _find_practitioners(facts, law)


def is_one_agency_due(practice_line: str, law: AlarmLaw, on: date) -> bool:
    """Whether a practitioner of this line may practise at one agency only on this day."""
    since = law.one_agency_from.get(practice_line)
    return since is not None and since <= on


def _find_filing(facts: PracticeFacts, law: AlarmLaw, on: date) -> Iterator[Outcome]:
    """Renewal within months before the end; a filing whose end is not known is counted from its day."""
    last_on = facts.valid_until
    if last_on is None and facts.filed_on is not None and law.filing_months is not None:
        last_on = last_day_after_months(facts.filed_on, law.filing_months)
    if last_on is None:
        yield "filing"
        return
    is_derived = facts.valid_until is None
    if on > last_on:
        since = last_on + timedelta(1)
        yield Finding(kind="filing", is_overdue=True, since=since, due_on=last_on, is_derived=is_derived)
    elif law.renewal_months is not None and on >= (since := earliest_start(last_on, law.renewal_months)):
        yield Finding(kind="filing", is_overdue=False, since=since, due_on=last_on, is_derived=is_derived)


def _find_alteration(facts: PracticeFacts, law: AlarmLaw, on: date) -> Iterator[Outcome]:
    """The day of the change is not counted; that its last day may fall on a holiday is not looked at."""
    altered_on, filed_on = facts.altered_on, facts.alteration_filed_on
    if altered_on is None:
        if filed_on is not None:
            yield "alteration"
        return
    is_filed = filed_on is not None and filed_on >= altered_on
    if law.alteration_days is None or is_filed or altered_on > on:
        return
    due_on = altered_on + timedelta(law.alteration_days)
    is_overdue = on > due_on
    yield Finding(
        kind="alteration",
        is_overdue=is_overdue,
        since=due_on + timedelta(1) if is_overdue else altered_on,
        due_on=due_on,
        numbers={"altered_on": altered_on.isoformat()},
    )


def _find_report(facts: PracticeFacts, law: AlarmLaw, on: date) -> Iterator[Outcome]:
    """The report on a year is due in the year after; none is due on a year before the agency began."""
    if law.report_from is None or law.report_until is None:
        return
    begins_on, ends_on = date(on.year, *law.report_from), date(on.year, *law.report_until)
    closed = on.year - 1 if on > ends_on else on.year - 2
    year = on.year - 1 if begins_on <= on else closed
    began = facts.established_on.year if facts.established_on else 0
    if year < began:
        return
    if facts.report_year is None:
        yield "report"
    elif facts.report_year < closed and closed >= began:
        due_on = date(closed + 1, *law.report_until)
        yield Finding(
            kind="report",
            is_overdue=True,
            since=due_on + timedelta(1),
            due_on=due_on,
            numbers={"year": str(closed)},
        )
    elif facts.report_year < year:
        yield Finding(
            kind="report", is_overdue=False, since=begins_on, due_on=ends_on, numbers={"year": str(year)}
        )


def _find_partners(facts: PracticeFacts, law: AlarmLaw) -> Iterator[Outcome]:
    least, share = law.least_partners.get(facts.legal_form), law.certified_share.get(facts.legal_form)
    if facts.legal_form == "unknown" or (least is not None and facts.n_partners is None):
        yield "partners"
        return
    n, certified = facts.n_partners, facts.n_certified_partners
    if least is not None and n is not None and n < least:
        yield Finding(kind="partners", is_overdue=True, numbers={"n": str(n), "least": str(least)})
    if share is None or not n:
        return
    if certified is None:
        yield "certified"
    elif Fraction(certified, n) < share:
        numbers = {"n": str(certified), "all": str(n), "share": str(share)}
        yield Finding(kind="certified", is_overdue=True, numbers=numbers)


def _find_practitioners(facts: PracticeFacts, law: AlarmLaw) -> Iterator[Outcome]:
    if law.least_practitioners is None:
        return
    if facts.n_practitioners is None:
        yield "practitioners"
    elif facts.n_practitioners < law.least_practitioners:
        numbers = {"n": str(facts.n_practitioners), "least": str(law.least_practitioners)}
        yield Finding(kind="practitioners", is_overdue=True, numbers=numbers)
