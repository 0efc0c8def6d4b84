"""The pages of objections, at the desk of the agency and in the console: from the record to the decision."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from agency_credit.database import append_rows, transaction
from agency_credit.database.tables import AuditLine, CaseStep, CreditCase, CreditRecord, Rating
from agency_credit.domain.role import DeskRight
from agency_credit.inspection.objection_states import Verdict
from agency_credit.services.agency_file import load_agency_file
from agency_credit.services.objection_basis import OTHERS, OWN, Proposal
from agency_credit.services.objections import (
    decide_objection,
    open_objection,
    propose_verdict,
    return_verdict,
)
from agency_credit.services.people import load_actor
from agency_credit.services.rating_run import rate_all
from tests import world as made
from tests.integration.console import desk_of
from tests.integration.records import A, newest_record, record_of
from tests.integration.test_cases import PDF, picture

B = made.uscc(1)


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: the services are tested on both."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def world(office, clock):
    world = await made.build_world(office, clock, n_agencies=4, n_inspectors=2)
    for key, days in ((OWN, 3), (OTHERS, 7)):
        await made.enter_value_of_profile(world, key, days)
    for name, right in (("clerk", DeskRight.CLERK), ("reader", DeskRight.READER)):
        await made.add_agency_person(office, name, A, right)
    await made.add_agency_person(office, "other", B)
    await record_of(A, "警告", document_number="3号")
    await rate_all(office, world.drafter)
    return world


async def opened(world) -> int:
    return await open_objection(
        world.office, await load_actor("clerk"), A, await newest_record(), "处罚已被撤销"
    )


async def public(world, path: str = f"/agencies/{A}") -> str:
    async with desk_of(world.office, "drafter") as desk:
        return (await desk.client.get(path)).text


@pytest.mark.parametrize("is_entered", [False, True])
async def test_days_for_which_no_text_was_found_are_marked(office, clock, is_entered):
    world = await made.build_world(office, clock, n_agencies=2, n_inspectors=2)
    if is_entered:
        for key in (OWN, OTHERS):
            await made.enter_value_of_profile(world, key, 5)
    await made.add_agency_person(office, "clerk", A, DeskRight.CLERK)
    record = await record_of(A, "警告")
    async with desk_of(office, "clerk") as desk:
        form = (await desk.open(f"/desk/{A}/records/{record}/objection")).text
        case = (await desk.open(f"/desk/{A}/objections/{await opened(world)}")).text
    for page in (form, case):
        assert ("待核实" in page) is not is_entered


async def test_from_the_record_to_the_upheld_objection_and_the_tier_of_the_public_page(world):
    record = await newest_record()
    form = f"/desk/{A}/records/{record}/objection"
    async with desk_of(world.office, "clerk") as desk:
        assert form in (await desk.open(f"/desk/{A}/records/{record}")).text
        page = (await desk.open(form)).text
        assert "3 个工作日" in page
        assert "7 个工作日" in page
        upload = {"files": ("证据.pdf", PDF, "application/pdf")}
        done = await desk.send(form, {"grounds": "处罚决定已被法院撤销"}, files=upload)
        assert done.status_code == 303
        case = done.headers["location"]
        page = (await desk.open(case)).text
        assert "2026年11月27日" in page
        assert "还剩 3 个工作日" in page
        assert "证据.pdf" in page
        assert "异议处理中" in (await desk.open(f"/desk/{A}/records/{record}")).text
        assert case in (await desk.open(f"/desk/{A}/objections")).text
    assert "异议处理中" in await public(world)
    assert '"state":"open"' in (await public(world, f"/api/v1/agencies/{A}")).replace(" ", "")
    number = case.rpartition("/")[2]
    admin = f"/admin/objections/{number}"
    async with desk_of(world.office, "drafter") as desk:
        assert admin in (await desk.open("/admin")).text
        assert admin in (await desk.open("/admin/deadlines")).text
        assert admin in (await desk.open("/admin/objections")).text
        page = (await desk.open(admin)).text
        assert "处罚决定已被法院撤销" in page
        assert "异议成立的话" in page
        await desk.send(f"{admin}/extend", {"extend_reason": "须请法院核查"})
        assert "2026年12月3日" in (await desk.open(admin)).text
        bad = await desk.send(f"{admin}/propose", {"verdict": "partly", "reasons": ""})
        assert bad.status_code == 422
        sent = await desk.send(f"{admin}/propose", {"verdict": "upheld", "reasons": "已查明"})
        assert sent.status_code == 303
        refused = await desk.send(f"{admin}/decide", {"decision": "decide"})
        assert refused.status_code == 403
    async with desk_of(world.office, "clerk") as desk:
        page = (await desk.open(case)).text
        assert "核查中" in page
        assert "已查明" not in page  # what is only proposed
        assert "须请法院核查" in page
    async with desk_of(world.office, "approver") as desk:
        assert admin in (await desk.open("/admin")).text
        await desk.open(admin)
        empty = await desk.send(f"{admin}/decide", {"decision": "return", "return_reason": ""})
        assert empty.status_code == 422
        assert (await desk.send(f"{admin}/decide", {"decision": "decide"})).status_code == 303
        assert "异议成立" in (await desk.open(admin)).text
    async with desk_of(world.office, "clerk") as desk:
        page = (await desk.open(case)).text
        assert "已查明" in page
        assert "drafter" not in page
        assert "3号" not in (await desk.open(f"/agencies/{A}")).text
    scores = await Rating.select(Rating.score).where(Rating.agency.uscc == A).order_by(Rating.id)
    assert scores[-1]["score"] > scores[-3]["score"]


async def test_partly_from_the_form_corrects_the_record(world):
    number = await opened(world)
    admin = f"/admin/objections/{number}"
    async with desk_of(world.office, "drafter") as desk:
        await desk.open(admin)
        form = {
            "verdict": "partly", "event": "corrected", "on": "2026-03-02", "kind": "警告", "document": "9号",
            "authority": "淄博市市场监督管理局", "summary": "更正后", "evidence": "", "points": "",
        }  # fmt: skip
        bad = await desk.send(f"{admin}/propose", {**form, "kind": "不存在的类别", "reasons": "文号有误"})
        assert bad.status_code == 422
        assert "文号有误" in bad.text
        assert (await desk.send(f"{admin}/propose", {**form, "reasons": "文号有误"})).status_code == 303
        assert "9号" in (await desk.open(admin)).text
    async with desk_of(world.office, "approver") as desk:
        await desk.open(admin)
        assert (await desk.send(f"{admin}/decide", {"decision": "decide"})).status_code == 303
    page = await public(world)
    assert "9号" in page
    assert "异议已处理（部分采纳）" in page


async def test_faults_of_grounds_and_files_are_shown_together_and_grounds_are_kept(world):
    form = f"/desk/{A}/records/{await newest_record()}/objection"
    async with desk_of(world.office, "clerk") as desk:
        await desk.open(form)
        upload = [("files", ("假的.pdf", picture(), "application/pdf")), ("files", ("空.pdf", b"", ""))]
        bad = await desk.send(form, {"grounds": "电话13800138000"}, files=upload)
        assert bad.status_code == 422
        for words in ("身份证号或手机号", "“假的.pdf”的内容是", "“空.pdf”是空的", "电话13800138000"):
            assert words in bad.text
        assert await CreditCase.count() == 0
        many_files = [("files", (f"{n}.pdf", PDF + b" " * n, "application/pdf")) for n in range(11)]
        assert "最多上传 10 个" in (await desk.send(form, {"grounds": "理由"}, files=many_files)).text
        assert await CreditCase.count() == 0


async def test_a_file_is_handed_out_to_keep_and_to_nobody_else(world):
    record = await newest_record()
    form = f"/desk/{A}/records/{record}/objection"
    async with desk_of(world.office, "clerk") as desk:
        await desk.open(form)
        upload = {"files": ("证据 1.pdf", PDF, "application/pdf")}
        case = (await desk.send(form, {"grounds": "理由"}, files=upload)).headers["location"]
        file = await desk.open(f"{case}/files/1")
        assert file.content == PDF
        assert (
            file.headers["content-disposition"] == "attachment; filename*=UTF-8''%E8%AF%81%E6%8D%AE%201.pdf"
        )
        assert file.headers["x-content-type-options"] == "nosniff"
        assert (await desk.open(f"{case}/files/2")).status_code == 404
    number = case.rpartition("/")[2]
    async with desk_of(world.office, "drafter") as desk:
        assert (await desk.open(f"/admin/objections/{number}/files/1")).content == PDF
        assert (await desk.open(f"/admin/objections/{number}/files/9")).status_code == 404
    async with desk_of(world.office, "other") as desk:
        await desk.open(f"/desk/{B}")
        for path in (case, f"{case}/files/1", form, f"/desk/{A}/objections"):
            assert (await desk.open(path)).status_code == 404
        own = f"/desk/{B}/objections/{number}"
        for path in (own, f"{own}/files/1", f"/desk/{B}/records/{record}/objection"):
            assert (await desk.open(path)).status_code == 404
        assert (await desk.send(f"{own}/withdraw")).status_code == 404
        assert (await desk.open(f"/admin/objections/{number}")).status_code == 403
    async with desk_of(world.office, "reader") as desk:
        await desk.open(f"/desk/{A}")
        assert (await desk.open(f"{case}/files/1")).content == PDF
        assert (await desk.open(form)).status_code == 403
        assert (await desk.send(form, {"grounds": "理由"})).status_code == 403
        assert (await desk.send(f"{case}/withdraw")).status_code == 403
    assert await CaseStep.count() == 1


async def test_the_agency_takes_its_objection_back(world):
    number = await opened(world)
    case = f"/desk/{A}/objections/{number}"
    async with desk_of(world.office, "clerk") as desk:
        await desk.open(case)
        assert (await desk.send(f"{case}/withdraw")).status_code == 303
        assert "已撤回" in (await desk.open(case)).text
        assert (await desk.send(f"{case}/withdraw")).status_code == 409
        assert case in (await desk.open(f"/desk/{A}/objections?cases=closed")).text
    assert "异议处理中" not in await public(world)
    async with desk_of(world.office, "drafter") as desk:
        assert "已撤回" in (await desk.open(f"/admin/objections/{number}")).text
        assert "已撤回" in (await desk.open("/admin/notices")).text
    assert await AuditLine.exists().where(AuditLine.action == "objection.withdraw")


async def test_late_is_said_to_both_sides(world):
    number = await opened(world)
    world.clock.forward(days=7)
    async with desk_of(world.office, "drafter") as desk:
        page = (await desk.open("/admin/objections")).text
        assert 'overdue">已逾期 2 个工作日' in page
        assert "已逾期 2 个工作日" in (await desk.open(f"/admin/objections/{number}")).text
    async with desk_of(world.office, "clerk") as desk:
        assert "已逾期 2 个工作日" in (await desk.open(f"/desk/{A}/objections/{number}")).text


async def many(world, n, clerk) -> None:
    """Rows of many more objections, the first to the newest record; every second one is closed."""
    newest = await CreditRecord.select(CreditRecord.id).order_by(CreditRecord.id, ascending=False).first()
    first = newest["id"] + await CreditCase.count()
    base = {"agency": clerk.seats[0].agency_id, "opened_by": clerk.person_id, "opened_at": world.clock.now}
    step = {"by": clerk.person_id, "at": world.clock.now, "log_index": None}
    opened = {"sequence": 1, "step": "opened", "closes": False, "details_json": "{}", **step}
    decided = {"sequence": 2, "step": "decided", "closes": True, "due_on": None, **step}
    async with transaction():
        await append_rows(
            CreditCase,
            [
                {"kind": "objection", "record": first + i, "attempt": 1, "commitment": f"{i:064d}", **base}
                for i in range(n)
            ],
        )
        last = await CreditCase.select(CreditCase.id).order_by(CreditCase.id, ascending=False).first()
        numbers = range(last["id"] - n + 1, last["id"] + 1)
        due = date(2026, 11, 20)
        await append_rows(
            CaseStep, [{"case": i, "due_on": due + timedelta(days=i % 20), **opened} for i in numbers]
        )
        await append_rows(
            CaseStep,
            [{"case": i, "details_json": '{"verdict":"rejected"}', **decided} for i in numbers if i % 2],
        )


async def count(world, statements, path: str, username: str = "drafter") -> int:
    """How many statements a page takes."""
    async with desk_of(world.office, username) as desk:
        statements.clear()
        answer = await desk.client.get(path)
        assert answer.status_code == 200, answer.text
        return len(statements)


async def test_ten_thousand_objections_take_no_more_statements_than_few(world, statements):
    clerk = await load_actor("clerk")
    lists = ("/admin/objections", "/admin/objections?cases=closed", "/admin/deadlines")
    paths = (*lists, "/admin", f"/agencies/{A}")
    await many(world, 200, clerk)
    few = [await count(world, statements, path) for path in paths]
    own = await count(world, statements, f"/desk/{A}/objections", "clerk")
    await many(world, 10_000, clerk)
    assert [await count(world, statements, path) for path in paths] == few
    assert await count(world, statements, f"/desk/{A}/objections", "clerk") == own > 3
    async with desk_of(world.office, "drafter") as desk:
        first = (await desk.open("/admin/objections")).text
        assert first.count('scope="row"') == 50
        follow = first.rpartition("after=")[2].partition('"')[0]
        second = (await desk.open(f"/admin/objections?after={follow}")).text
        assert second.count('scope="row"') == 50
        assert (await desk.open("/admin/objections?after=999999")).status_code == 404
    assert "异议已处理（未采纳）" in await public(world)


async def test_what_officers_propose_to_each_other_is_not_in_the_file_to_take_away_either(world):
    number = await opened(world)
    proposal = Proposal(verdict=Verdict.UPHELD, reasons="内部意见甲")
    await propose_verdict(world.office, world.drafter, number, proposal)
    await return_verdict(world.office, world.approver, number, "内部意见乙")
    await propose_verdict(world.office, world.drafter, number, proposal)
    tables = await load_agency_file(world.office, await load_actor("reader"), A)
    assert [(row["number"], row["step"]) for row in tables["cases"]] == [(number, "opened")]
    assert "内部意见" not in str(tables)
    await decide_objection(world.office, world.approver, number)
    tables = await load_agency_file(world.office, await load_actor("reader"), A)
    assert [row["step"] for row in tables["cases"]] == ["opened", "decided"]


async def test_a_list_does_not_tell_by_its_pages_when_a_case_of_another_agency_is_due(world):
    own = await opened(world)
    record = await record_of(B, "警告", document_number="5号")
    theirs = await open_objection(world.office, await load_actor("other"), B, record, "有误")
    async with desk_of(world.office, "clerk") as desk:
        assert (await desk.open(f"/desk/{A}/objections?after={own}")).status_code == 200
        for number in (theirs, 999_999):
            assert (await desk.open(f"/desk/{A}/objections?after={number}")).status_code == 404
