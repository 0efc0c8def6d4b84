"""Taking an import back: what it did is put back exactly, unless something rests on it; on both databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agency_credit.database.tables import (
    Agency,
    AgencyPractice,
    AuditLine,
    ImportRun,
    ImportUndo,
    Inspector,
    LogEntry,
    Practitioner,
    PractitionerPost,
    Recusal,
)
from agency_credit.domain.errors import (
    FaultsError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
)
from agency_credit.domain.role import Actor, Role
from agency_credit.services.import_file import import_file
from agency_credit.services.import_undo import undo_import
from agency_credit.services.rating_run import rate_all
from agency_credit.services.recusals import approve_recusals
from tests.builders import add_person

OFFICE = Path(__file__).parents[2] / "seeds" / "data" / "office"
A, B = "913703048B12CLG4CC", "91370306UUH8GX0EUJ"


async def _csv(office, actor, kind, *lines, **options):
    content = "\n".join(lines).encode()
    report = await import_file(office, actor, kind, "表.csv", content, mode="accept-good", **options)
    assert report.run is not None, report
    return report.run


async def _agencies(office, actor, *lines):
    return await _csv(office, actor, "agencies", "机构名称,信用代码,类型,地址,机构代码,上级机构代码", *lines)


async def _register():
    tables = (Agency, AgencyPractice, Practitioner, PractitionerPost, Inspector, Recusal)
    rows = {table.__name__: await table.select().order_by(table._meta.primary_key) for table in tables}
    for row in rows["Agency"]:
        row.pop("changed_at")
    return rows


async def _refused(office, actor, run):
    with pytest.raises(FaultsError) as caught:
        await undo_import(office, actor, run, "重复导入")
    return [(fault.at, fault.code) for fault in caught.value.faults]


async def test_new_agencies_and_their_branches_are_removed(office, operator):
    before = await _register()
    run = await _agencies(
        office, operator, f"甲,{A},专利,路1号,37200,", f"甲分所,{B},专利（分支）,,37201,37200"
    )
    await undo_import(office, operator, run, "导错了文件")
    assert await _register() == before


async def test_changed_agencies_get_their_former_values_lines_and_parent_back(office, operator):
    await _agencies(office, operator, f"甲,{A},专利,路1号,37200,", f"乙,{B},专利,路2号,37201,")
    before = await _register()
    run = await _agencies(office, operator, f"甲甲,{A},商标,路9号,,", f"甲分所,{B},专利（分支）,,37201,37200")
    assert await _register() != before
    await undo_import(office, operator, run, "导错了文件")
    assert await _register() == before


async def test_the_whole_office_is_taken_back_in_reverse_order(office, operator):
    empty = await _register()
    runs = []
    for name, kind, line in [
        ("专利代理机构名录.xlsx", "agencies", None),
        ("商标代理机构备案名单.csv", "agencies", "trademark"),
        ("执法检查人员名录库.xlsx", "inspectors", None),
        ("回避关系.xlsx", "recusals", None),
    ]:
        content = (OFFICE / name).read_bytes()
        report = await import_file(
            office, operator, kind, name, content, practice_line=line, mode="accept-good"
        )
        runs.append(report.run)
    faults = await _refused(office, operator, runs[0])
    assert {code for _, code in faults} == {"import.undo-later", "import.undo-recusal"}
    for run in reversed(runs):
        await undo_import(office, operator, run, "重来")
    assert await _register() == empty


async def test_practitioners_get_their_posts_back(office, operator):
    await _agencies(office, operator, f"甲,{A},专利,,37200,", f"乙,{B},专利,,37201,")
    header = "姓名,资格证号,机构代码,状态"
    await _csv(office, operator, "practitioners", header, "张三,371,37200,执业", practice_line="patent")
    before = await _register()
    run = await _csv(
        office,
        operator,
        "practitioners",
        header,
        "张三,371,37201,执业",
        "李四,372,37201,执业",
        practice_line="patent",
    )
    await undo_import(office, operator, run, "重来")
    after = await _register()
    assert after == before


async def test_inspectors_are_put_back(office, operator):
    header = "姓名,执法证号,专业,状态"
    await _csv(office, operator, "inspectors", header, "张三,鲁C1,专利,在岗")
    before = await _register()
    run = await _csv(office, operator, "inspectors", header, "张三,鲁C1,商标,借调", "李四,鲁C2,专利,在岗")
    await undo_import(office, operator, run, "重来")
    assert await _register() == before


async def test_recusals_get_their_former_proposer_back_and_approved_ones_stay(office, operator):
    await _agencies(office, operator, f"甲,{A},专利,,37200,", f"乙,{B},专利,,37201,")
    await _csv(office, operator, "inspectors", "姓名,执法证号", "张三,鲁C1")
    header = "执法证号,信用代码,回避事由"
    await _csv(office, operator, "recusals", header, f"鲁C1,{A},曾任职")
    before = await _register()
    run = await _csv(office, operator, "recusals", header, f"鲁C1,{A},持有股份", f"鲁C1,{B},亲属")
    await undo_import(office, operator, run, "重来")
    assert await _register() == before
    run = await _csv(office, operator, "recusals", header, f"鲁C1,{B},亲属")
    number = await add_person("approver", Role.APPROVER)
    approver = Actor(username="approver", roles=frozenset({Role.APPROVER}), person_id=number)
    assert await approve_recusals(office, approver) == 2
    assert await _refused(office, operator, run) == [(f"鲁C1 {B}", "import.undo-changed")]


async def test_what_rests_on_the_rows_is_named_and_nothing_is_changed(office, operator):
    run = await _agencies(office, operator, f"甲,{A},专利,,37200,", f"乙,{B},专利,,37201,")
    lines = "信用代码,信息类别,文书号,决定日期", f"{A},列入经营异常名录,1号,2026-01-05"
    await _csv(office, operator, "records", *lines)
    await rate_all(office, operator)
    before = await _register()
    faults = await _refused(office, operator, run)
    assert (A, "import.undo-record") in faults
    assert {(A, "import.undo-rating"), (B, "import.undo-rating")} <= set(faults)
    assert await _register() == before
    assert await ImportUndo.count() == 0


async def test_a_later_import_of_the_same_row_is_named_and_once_undone_stands_in_no_way(office, operator):
    first = await _agencies(office, operator, f"甲,{A},专利,路1号,37200,")
    second = await _agencies(office, operator, f"甲,{A},专利,路2号,37200,")
    assert await _refused(office, operator, first) == [(A, "import.undo-later")]
    await undo_import(office, operator, second, "重来")
    await undo_import(office, operator, first, "重来")
    assert await Agency.count() == 0


async def test_a_change_by_hand_is_not_overwritten(office, operator):
    run = await _agencies(office, operator, f"甲,{A},专利,路1号,37200,")
    await Agency.update({Agency.address: "手改"}).where(Agency.uscc == A)
    assert await _refused(office, operator, run) == [(A, "import.undo-changed")]


async def test_undoing_is_told_in_the_log_and_the_audit_lines_and_happens_once(office, operator):
    run = await _agencies(office, operator, f"甲,{A},专利,路1号,37200,")
    await undo_import(office, operator, run, "导错了文件")
    entries = [json.loads(bytes(row["entry"])) for row in await LogEntry.select().order_by(LogEntry.id)]
    (imported,) = [n for n, entry in enumerate(entries) if entry["type"] == "roster.imported"]
    (undone,) = [entry for entry in entries if entry["type"] == "roster.import_undone"]
    assert undone["body"] == {"import": imported, "kind": "agencies", "removed": 1, "restored": 0}
    kept = await ImportUndo.select().first()
    assert (kept["by"], kept["reason"], entries[kept["log_index"]]) == ("operator", "导错了文件", undone)
    assert await AuditLine.count().where(AuditLine.action == "import.undo") == 1
    with pytest.raises(RefusedError, match="undone already"):
        await undo_import(office, operator, run, "再来")


async def test_who_may_not_why_not_and_what_is_not_there(office, operator):
    run = await _agencies(office, operator, f"甲,{A},专利,路1号,37200,")
    with pytest.raises(ForbiddenError):
        await undo_import(office, Actor(username="x", roles=frozenset({Role.APPROVER})), run, "重来")
    with pytest.raises(InputError):
        await undo_import(office, operator, run, "  ")
    with pytest.raises(NotFoundError):
        await undo_import(office, operator, run + 99, "重来")
    lines = "信用代码,信息类别,文书号,决定日期", f"{A},列入经营异常名录,1号,2026-01-05"
    records = await _csv(office, operator, "records", *lines)
    with pytest.raises(RefusedError, match="only ever added"):
        await undo_import(office, operator, records, "重来")
    old = ImportRun(kind="agencies", mode="accept-good", at=office.now())
    await old.save()
    with pytest.raises(RefusedError, match="before imports kept"):
        await undo_import(office, operator, old.id, "重来")
