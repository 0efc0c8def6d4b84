"""What lists of agencies say of legal form, partners, changes of a filing and annual reports. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from agency_credit.services.import_row import RowReader

FORM_WORDS = {
    "合伙": "partnership",
    "普通合伙": "partnership",
    "特殊普通合伙": "partnership",
    "公司": "company",
    "有限公司": "company",
    "有限责任公司": "company",
    "股份有限公司": "company",
    "律师事务所": "law_firm",
    "律所": "law_firm",
    "个人独资企业": "other",
    "个体工商户": "other",
    "其他": "other",
}

First = TypeVar("First")
Second = TypeVar("Second")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a row says of an agency's standing; None or empty where the cell was empty.

    Parameters
    ----------
    n_partners, n_certified_partners
        Partners or shareholders, and those of them with a certificate.
    altered_on, alteration_filed_on
        Day of the latest change of what was filed, and day on which that change was filed.
    report_year, reported_on
        Year of the latest annual report that was submitted, and day on which it was.
    """

    legal_form: str = ""
    n_partners: int | None = None
    n_certified_partners: int | None = None
    altered_on: date | None = None
    alteration_filed_on: date | None = None
    report_year: int | None = None
    reported_on: date | None = None


def parse_standing(reader: RowReader, today: date) -> Standing:
    """The cells of a row about standing; what contradicts itself is a fault."""
    n_partners, n_certified = _parse_partners(reader)
    altered_on, alteration_filed_on = _parse_alteration(reader, today)
    report_year, reported_on = _parse_report(reader, today)
    return Standing(
        legal_form=reader.word("legal_form", FORM_WORDS),
        n_partners=n_partners,
        n_certified_partners=n_certified,
        altered_on=altered_on,
        alteration_filed_on=alteration_filed_on,
        report_year=report_year,
        reported_on=reported_on,
    )


def lay_pair(
    before: tuple[First | None, Second | None], now: tuple[First | None, Second | None]
) -> tuple[First | None, Second | None]:
    """Lay two cells of a row over what is known; the second says something of the first.

    A blank cell erases nothing, but what was known of another first does not hold of this one: the day on
    which the report of last year came in is not that of this year's.
    """
    first, second = now
    if first is None or first == before[0]:
        return before[0], before[1] if second is None else second
    return first, second


def _parse_partners(reader: RowReader) -> tuple[int | None, int | None]:
    n_partners, n_certified = reader.count("n_partners"), reader.count("n_certified_partners")
    if n_partners is not None and n_certified is not None and n_certified > n_partners:
        reader.fault(
            "n_certified_partners",
            "import.partners-exceeded",
            "{heading}: {found} with a certificate among {n} partners or shareholders; correct one of "
            "the two",
            found=n_certified,
            n=n_partners,
        )
    return n_partners, n_certified


def _parse_alteration(reader: RowReader, today: date) -> tuple[date | None, date | None]:
    altered_on = reader.day("altered_on", until=today)
    filed_on = reader.day("alteration_filed_on", until=today)
    if altered_on and filed_on and filed_on < altered_on:
        reader.fault(
            "alteration_filed_on",
            "import.alteration-reversed",
            "{heading}: {found} is before the change on {altered_on}; correct one of the two",
            found=filed_on.isoformat(),
            altered_on=altered_on.isoformat(),
        )
    return altered_on, filed_on


def _parse_report(reader: RowReader, today: date) -> tuple[int | None, date | None]:
    """A year is over before its report: the year of the report, not that of its submission."""
    year, reported_on = reader.count("report_year"), reader.day("reported_on", until=today)
    last = (reported_on or today).year - 1
    if year is not None and not 1985 <= year <= last:
        reader.fault(
            "report_year",
            "import.report-year",
            "{heading}: expected the year that the latest submitted report is about, at most {last}, found "
            "{found}; correct it, or leave it empty where no report was submitted",
            last=last,
            found=year,
        )
    if year is None and reported_on is not None:
        reader.soft_fault(
            "report_year",
            "import.report-year-missing",
            "{heading} is empty, though the row says when the report was submitted; the row is taken in "
            "without the report, fill in the year",
        )
        return None, None
    return year, reported_on
