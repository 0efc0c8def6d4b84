"""The whole country as office files: many rows and no faults, to measure with.

An area is a province, so that a row says where an agency sits without a list of three thousand counties.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from seeds.office_files import Cell, OfficeFile, filed_until, format_csv
from seeds.places import NATION
from seeds.population import Population


def write_national_files(population: Population) -> tuple[OfficeFile, ...]:
    """All files, in the order in which they are imported; the records are of agencies and practitioners."""
    return (
        _file("专利代理机构名录.csv", "agencies", _patent_rows(population), practice_line="patent"),
        _file("商标代理机构备案名单.csv", "agencies", _trademark_rows(population), practice_line="trademark"),
        _file("专利代理师名单.csv", "practitioners", _practitioner_rows(population), practice_line="patent"),
        _file("信用信息归集.csv", "records", _record_rows(population)),
    )


def _file(
    name: str,
    kind: Literal["agencies", "practitioners", "records"],
    rows: Iterator[Sequence[Cell]],
    *,
    practice_line: Literal["patent", "trademark"] | None = None,
) -> OfficeFile:
    content = format_csv(rows, "utf-8-sig")
    n_good = content.count(b"\r\n") - 1  # no cell holds a line break
    return OfficeFile(
        name=name, kind=kind, content=content, n_good=n_good, faults=(), practice_line=practice_line
    )


def _patent_rows(population: Population) -> Iterator[Sequence[Cell]]:
    yield (
        "机构名称",
        "机构代码",
        "统一社会信用代码",
        "所在区县",
        "批准设立日期",
        "状态",
        "类型",
        "上级机构代码",
    )
    for agency in population.patent:
        status = "注销" if agency.is_cancelled else "正常"
        kind = "专利（分支）" if agency.parent_code else "专利"
        yield (
            *(agency.name, agency.agency_code, agency.uscc, agency.area, agency.established_on),
            *(status, kind, agency.parent_code),
        )


def _trademark_rows(population: Population) -> Iterator[Sequence[Cell]]:
    yield ("代理机构", "信用代码", "备案日期", "备案有效期至", "区县", "从业人员数")
    for agency in (*population.trademark, *population.both):
        filed_on = agency.filed_on or agency.established_on
        yield (agency.name, agency.uscc, filed_on, filed_until(filed_on), agency.area, agency.n_staff)


def _practitioner_rows(population: Population) -> Iterator[Sequence[Cell]]:
    yield ("姓名", "资格证号", "所在机构统一社会信用代码", "机构代码", "执业状态")
    for person in population.practitioners:
        yield (person.name, person.certificate, person.agency.uscc, person.agency.agency_code, "执业")


def _record_rows(population: Population) -> Iterator[Sequence[Cell]]:
    """A record of a practitioner gives the certificate number, one of an agency the credit code."""
    yield ("统一社会信用代码", "资格证号", "信息类别", "文书号", "决定日期", "决定机关")
    for record in population.records:
        person = record.practitioner
        yield (
            "" if person else record.agency.uscc,
            person.certificate if person else "",
            *(record.kind, record.document, record.decided_on, NATION.authority),
        )
