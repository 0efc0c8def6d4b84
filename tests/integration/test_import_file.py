"""Lists of an office into the register, on both databases: exactly the faults that truth.json names."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from agency_credit.database.tables import (
    Agency,
    AgencyPractice,
    AuditLine,
    CreditRecord,
    ImportRun,
    Inspector,
    LogEntry,
    Practitioner,
    Recusal,
)
from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError
from agency_credit.domain.role import Actor, Role
from agency_credit.services.import_file import import_file

OFFICE = Path(__file__).parents[2] / "seeds" / "data" / "office"
TRUTH = json.loads((OFFICE / "truth.json").read_text("utf-8"))
FILES = {
    "专利代理机构名录.xlsx": ("agencies", None),
    "商标代理机构备案名单.csv": ("agencies", "trademark"),
    "执法检查人员名录库.xlsx": ("inspectors", None),
    "信用信息归集.csv": ("records", None),
    "回避关系.xlsx": ("recusals", None),
}
PATENT = "专利代理机构名录.xlsx"


async def _import(office, actor, name, *, mode="accept-good", is_dry_run=False):
    kind, line = FILES[name]
    content = (OFFICE / name).read_bytes()
    return await import_file(
        office, actor, kind, name, content, practice_line=line, mode=mode, is_dry_run=is_dry_run
    )


async def _import_all(office, actor):
    return {name: await _import(office, actor, name) for name in FILES}


async def _csv(office, actor, kind, *lines, **options):
    return await import_file(office, actor, kind, "表.csv", "\n".join(lines).encode(), **options)


async def _stored():
    tables = (Agency, AgencyPractice, CreditRecord, Inspector, Recusal, ImportRun, LogEntry)
    return {table.__name__: await table.select().order_by(table._meta.primary_key) for table in tables}


async def test_the_office_files_have_exactly_the_faults_that_are_known(office, operator):
    reports = await _import_all(office, operator)
    for name, report in reports.items():
        assert [fault.at for fault in report.faults] == [str(at) for at, _ in TRUTH[name]["faults"]], name
        flagged = sum("(warning)" in what for _, what in TRUTH[name]["faults"])
        assert report.new + report.changed == TRUTH[name]["good"] + flagged, name
        assert report.repeated == sum(what == "repeated" for _, what in TRUTH[name]["faults"]), name
        assert (report.same, report.is_committed) == (0, True)
    assert reports["商标代理机构备案名单.csv"].changed == TRUTH["商标代理机构备案名单.csv"]["also_patent"]


async def test_the_same_files_again_change_nothing_and_say_so(office, operator):
    first = await _import_all(office, operator)
    before = await _stored()
    for name, report in (await _import_all(office, operator)).items():
        assert (report.new, report.changed) == (0, 0)
        assert report.same == first[name].new + first[name].changed
        assert report.faults == first[name].faults
    assert await _stored() == before


async def test_by_default_an_error_keeps_everything_out_and_the_counts_say_what_would_be(office, operator):
    before = await _stored()
    report = await _import(office, operator, PATENT, mode="all-or-nothing")
    assert (report.is_committed, report.new, report.repeated, report.n_errors) == (False, 27, 1, 2)
    assert await _stored() == before


async def test_a_dry_run_stores_nothing(office, operator):
    before = await _stored()
    report = await _import(office, operator, PATENT, is_dry_run=True)
    assert (report.is_committed, report.new) == (False, 27)
    assert await _stored() == before


async def test_warnings_alone_keep_nothing_out(office, operator):
    lines = "机构名称,信用代码,类型", "甲,91350211M0000XUF46,专利"
    report = await _csv(office, operator, "agencies", *lines)
    assert (report.is_committed, report.new, report.n_errors) == (True, 1, 0)
    row = await Agency.select(Agency.flags_json).first()
    assert json.loads(row["flags_json"]) == ["uscc-check-digit"]


async def test_a_firm_in_both_lists_is_one_agency_with_two_practice_lines(office, operator):
    await _import_all(office, operator)
    assert await Agency.count() == 27 + 64
    assert await AgencyPractice.count() == 27 + 69
    uscc = "91370302FGDCA2T2H2"
    agency = await Agency.select().where(Agency.uscc == uscc).first()
    assert (agency["address"], agency["n_staff"]) == ("淄川区柳泉路259号", 6)
    lines = await AgencyPractice.select().where(AgencyPractice.agency == agency["id"])
    assert {row["practice_line"]: row["agency_code"] for row in lines} == {"patent": "37217", "trademark": ""}


async def test_an_agency_is_stored_clean(office, operator):
    await _import(office, operator, PATENT)
    agency = await Agency.select().where(Agency.uscc == "91370306274G2M334R").first()
    assert agency["name"] == "淄博正源创知识产权代理有限公司"
    assert agency["address"] == "周村区柳泉路22号"
    assert (agency["area"], agency["status"], str(agency["established_on"])) == (
        "370306",
        "in_force",
        "2025-08-01",
    )
    assert agency["search_text"] == (
        "淄博正源创知识产权代理有限公司 zbzyczscqdlyxgs 91370306274g2m334r 37200"
    )
    assert await Agency.count().where(Agency.status == "cancelled") == 1


async def test_branches_know_their_parent(office, operator):
    await _import(office, operator, PATENT)
    rows = await Agency.select(Agency.uscc, Agency.branch_of.uscc.as_alias("parent")).where(
        Agency.branch_of.is_not_null()
    )
    assert {row["uscc"]: row["parent"] for row in rows} == {
        "91370306UUH8GX0EUJ": "913703048B12CLG4CC",
        "91370306323AJT4TNA": "913703048B12CLG4CC",
        "91370323A05AWJHC9C": "91370303RMBBEBAG4Q",
    }


async def test_a_listing_record_puts_its_agency_on_the_list_and_a_removal_takes_it_off(office, operator):
    await _import_all(office, operator)
    query = Agency.select(Agency.list_status, Agency.list_since).where(Agency.uscc == "913703230QJUGUR6HW")
    listed = await query.first()
    assert (listed["list_status"], str(listed["list_since"])) == ("abnormal", "2025-10-19")
    lines = "信用代码,信息类别,文书号,决定日期", "913703230QJUGUR6HW,移出经营异常名录,1号,2026-01-05"
    await _csv(office, operator, "records", *lines)
    assert await query.first() == {"list_status": "none", "list_since": None}


async def test_a_reimport_of_the_agencies_does_not_take_one_off_a_list(office, operator):
    await _import_all(office, operator)
    n_listed = await Agency.count().where(Agency.list_status == "abnormal")
    lines = "机构名称,信用代码,类型,地址", "淄博般阳知专利代理有限公司,913703230QJUGUR6HW,专利,新址1号"
    assert (await _csv(office, operator, "agencies", *lines)).changed == 1
    assert await Agency.count().where(Agency.list_status == "abnormal") == n_listed > 0
    row = await Agency.select().where(Agency.uscc == "913703230QJUGUR6HW").first()
    assert (row["address"], row["head"]) == ("新址1号", "曾明")


async def test_an_inspector_changes_and_keeps_what_the_list_leaves_blank(office, operator):
    await _import(office, operator, "执法检查人员名录库.xlsx")
    lines = "姓名,执法证号,状态,专业", "孙思远,鲁C15000,借调,"
    assert (await _csv(office, operator, "inspectors", *lines)).changed == 1
    row = await Inspector.select().where(Inspector.certificate == "鲁C15000").first()
    assert (row["status"], row["area_codes_json"]) == ("seconded", '["370306"]')
    assert row["skills_json"] == '["lead","patent","trademark"]'
    assert await Inspector.count() == 18


async def test_practitioners_are_taken_and_follow_a_change_of_agency(office, operator):
    await _import(office, operator, PATENT)
    header = "姓名,资格证号,机构代码,状态"
    options = {"practice_line": "patent"}
    first = await _csv(office, operator, "practitioners", header, "张三,3712345,37200,执业", **options)
    second = await _csv(office, operator, "practitioners", header, "张三,3712345,37201,", **options)
    wrong = await _csv(office, operator, "practitioners", header, "李四,3712346,99999,", **options)
    assert (first.new, second.changed, wrong.faults[0].code) == (1, 1, "import.agency-code-unknown")
    row = await Practitioner.select(Practitioner.status, Practitioner.agency.uscc.as_alias("uscc")).first()
    assert row == {"status": "active", "uscc": "91370321RF6UEX6X91"}


async def test_the_log_tells_numbers_and_a_digest_and_no_name(office, operator):
    await _import(office, operator, PATENT)
    entries = [bytes(row["entry"]).decode() for row in await LogEntry.select()]
    (entry,) = [json.loads(text) for text in entries if "roster.imported" in text]
    assert PATENT.removesuffix(".xlsx") not in "".join(entries)
    body = entry["body"]
    assert (body["kind"], body["new"], body["changed"], body["same"]) == ("agencies", 27, 0, 0)
    run = await ImportRun.select().first()
    assert (run["file_digest"], run["file_name"], run["by"]) == (body["file"], PATENT, "operator")


async def test_every_import_leaves_an_audit_line(office, operator):
    await _import(office, operator, PATENT, is_dry_run=True)
    with pytest.raises(ForbiddenError):
        await _import(office, Actor(username="x", roles=frozenset({Role.INSPECTOR})), PATENT)
    lines = await AuditLine.select().where(AuditLine.action == "import.agencies").order_by(AuditLine.id)
    assert [line["outcome"] for line in lines] == ["done", "refused"]
    assert json.loads(lines[0]["details_json"])["committed"] is False


async def test_an_unusable_file_is_refused_and_changes_nothing(office, operator):
    before = await _stored()
    content = (OFFICE / PATENT).read_bytes()[:4000]
    with pytest.raises(InputError) as caught:
        await import_file(office, operator, "agencies", PATENT, content)
    assert caught.value.code == "import.damaged"
    with pytest.raises(InputError, match="no row below"):
        await _csv(office, operator, "inspectors", "姓名,执法证号")
    with pytest.raises(InputError, match="no kind of list"):
        await _csv(office, operator, "tables", "a,b")
    assert await _stored() == before


async def test_a_list_that_nowhere_says_its_practice_line_is_refused_once(office, operator):
    with pytest.raises(InputError) as caught:
        await _csv(office, operator, "agencies", "代理机构,信用代码", "甲,91350211M0000XUF46")
    assert caught.value.code == "import.practice-line-missing"


async def test_two_imports_of_the_same_rows_at_once_store_them_once(office, operator):
    both = await asyncio.gather(
        _import(office, operator, PATENT), _import(office, operator, PATENT), return_exceptions=True
    )
    assert all(isinstance(one, ConflictError) or one.is_committed for one in both), both
    assert sorted(getattr(one, "new", 0) for one in both) == [0, 27]
    assert (await Agency.count(), await AgencyPractice.count()) == (27, 27)


async def test_many_rows_take_few_statements_and_all_arrive(office, operator):
    lines = ["姓名,执法证号", *(f"人{n},鲁C{n:05d}" for n in range(1000))]
    assert (await _csv(office, operator, "inspectors", *lines)).new == 1000
    assert (await _csv(office, operator, "inspectors", *lines)).same == 1000
    assert await Inspector.count() == 1000
