"""Alarms out of the registers, as lists filled them, on both databases."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from agency_credit.database.tables import Agency, LegalParameter, PractitionerPost
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import Role
from agency_credit.services.alarms import load_alarms
from agency_credit.services.import_file import import_file
from tests.integration.console import desk_of
from tests.world import add_account

A, B, C = "91370303MA3C000017", "91370303MA3D00001R", "91370303MA3E00001C"
HEADER = (
    "机构名称,信用代码,机构代码,上级机构代码,业务类别,组织形式,合伙人或股东人数,其中持证人数,"
    "备案日期,备案有效期至,变更发生日期,变更备案日期,年度报告年度"
)


def _row(uscc, **cells):
    fields = {
        "code": "",
        "parent": "",
        "line": "专利",
        "form": "公司",
        "n": "5",
        "certified": "4",
        "filed": "",
        "until": "",
        "altered": "",
        "altered_filed": "",
        "year": "2025",
    }
    return ",".join([f"机构{uscc[-2:]}", uscc, *(fields | cells).values()])


def _trademark(uscc, **cells):
    return _row(uscc, **{"line": "商标", "form": "", "n": "", "certified": "", "year": "", **cells})


async def _import(office, operator, *rows):
    report = await import_file(office, operator, "agencies", "a.csv", "\n".join((HEADER, *rows)).encode())
    assert report.n_errors == 0, report.faults


async def _claim(office, operator, *rows, line="patent"):
    text = "\n".join(("姓名,资格证号,信用代码,状态", *rows)).encode()
    report = await import_file(office, operator, "practitioners", "p.csv", text, practice_line=line)
    assert report.n_errors == 0, report.faults


async def _told(office):
    """All alarms; those that are asked for by agency are the same."""
    alarms = (await load_alarms(office)).alarms
    for row in await Agency.select(Agency.uscc):
        of_one = (await load_alarms(office, row["uscc"])).alarms
        assert of_one == tuple(alarm for alarm in alarms if alarm.uscc == row["uscc"])
    return [(a.kind, a.finding.is_overdue, a.uscc) for a in alarms]


def _set(clock, day):
    """Noon in China on this day."""
    clock.now = datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "is_overdue"),
    [
        ("2027-05-31", None),
        ("2027-06-01", False),
        ("2027-06-02", False),
        ("2027-11-30", False),
        ("2027-12-01", False),
        ("2027-12-02", True),
    ],
)
async def test_a_filing_that_expires(office, operator, clock, day, is_overdue):
    await _import(office, operator, _trademark(A, until="2027-12-01"))
    _set(clock, day)
    assert await _told(office) == ([] if is_overdue is None else [("filing", is_overdue, A)])


@pytest.mark.parametrize(
    ("day", "is_overdue"),
    [("2026-12-23", False), ("2026-12-24", False), ("2026-12-25", True)],
)
async def test_a_change_that_is_not_filed(office, operator, clock, day, is_overdue):
    row = {"until": "2029-12-01", "altered": "2026-11-24"}
    await _import(office, operator, _trademark(A, **row))
    _set(clock, day)
    assert await _told(office) == [("alteration", is_overdue, A)]
    await _import(office, operator, _trademark(A, **row, altered_filed=day))
    assert await _told(office) == []


@pytest.mark.parametrize(
    ("day", "is_overdue"),
    [
        ("2027-02-28", None),
        ("2027-03-01", False),
        ("2027-03-31", False),
        ("2027-04-01", True),
        ("2028-02-29", True),
    ],
)
async def test_an_annual_report_that_is_missing(office, operator, clock, day, is_overdue):
    await _import(office, operator, _row(A))
    _set(clock, day)
    assert await _told(office) == ([] if is_overdue is None else [("report", is_overdue, A)])


@pytest.mark.parametrize(
    ("form", "n", "certified", "kinds"),
    [
        ("合伙", "1", "1", ["partners"]),
        ("合伙", "2", "2", []),
        ("合伙", "2", "1", ["certified"]),
        ("公司", "4", "4", ["partners"]),
        ("公司", "5", "4", []),
        ("公司", "5", "3", ["certified"]),
        ("公司", "6", "4", ["certified"]),
        ("律师事务所", "1", "0", []),
    ],
)
async def test_partners_and_shareholders(office, operator, form, n, certified, kinds):
    await _import(office, operator, _row(A, form=form, n=n, certified=certified))
    alarms = await load_alarms(office)
    assert [alarm.kind for alarm in alarms.alarms] == kinds
    for alarm in alarms.alarms:
        assert alarm.law == f"专利代理管理办法第{'十' if form == '合伙' else '十一'}条"


async def test_a_practitioner_at_two_agencies(office, operator, clock):
    await _import(office, operator, _row(A, code="1"), _row(B, code="2"), _row(C, code="3", parent="1"))
    await _claim(office, operator, f"张三,3712345,{A},执业", f"李四,3712346,{A},执业")
    assert await _told(office) == []
    clock.forward(days=1)
    await _claim(office, operator, f"张三,3712345,{B},执业", f"李四,3712346,{C},执业")
    (alarm,) = (await load_alarms(office)).alarms  # a firm and its branch are one
    assert (alarm.kind, alarm.uscc, alarm.person, alarm.others) == (
        "two-agencies", B, "张三 3712345", ("机构17",),
    )  # fmt: skip
    assert alarm.finding.since == office.today()
    assert "第十一条" in alarm.law
    await _claim(office, operator, f"张三,3712345,{A},离职")
    assert await _told(office) == []


async def test_two_posts_from_before_posts_were_kept(office, operator):
    await _import(office, operator, _row(A), _row(B))
    await _claim(office, operator, f"张三,3712345,{A},执业", f"张三,3712345,{B},执业")
    await PractitionerPost.update({PractitionerPost.claimed_at: None}, force=True)
    (alarm,) = (await load_alarms(office)).alarms
    assert (alarm.kind, alarm.finding.since) == ("two-agencies", None)


@pytest.mark.parametrize(("day", "n"), [("2026-12-31", 0), ("2027-01-01", 1), ("2027-01-02", 1)])
async def test_trademark_practitioners_from_the_day_of_the_new_law(office, operator, clock, day, n):
    rows = [_trademark(uscc, until="2029-12-01") for uscc in (A, B)]
    await _import(office, operator, *rows)
    await _claim(office, operator, f"张三,7712345,{A},", f"张三,7712345,{B},", line="trademark")
    _set(clock, day)
    assert len((await load_alarms(office)).alarms) == n


@pytest.mark.parametrize(("least", "n"), [("", 0), ("1", 0), ("2", 1)])
async def test_too_few_practitioners_once_a_number_is_entered(office, operator, least, n):
    await _import(office, operator, _row(A))
    await _claim(office, operator, f"张三,3712345,{A},执业")
    await LegalParameter.update({LegalParameter.value: least}).where(
        LegalParameter.key == "alarm_practitioners"
    )
    assert len((await load_alarms(office)).alarms) == n


async def test_what_is_not_known_is_counted_and_raises_nothing(office, operator):
    blank = {"form": "", "n": "", "certified": "", "year": ""}
    await _import(office, operator, _row(A, **blank), _row(B, n="", certified=""), _trademark(C))
    alarms = await load_alarms(office)
    assert (alarms.alarms, alarms.not_known) == ((), {"filing": 1, "report": 1, "partners": 2})


async def test_a_cancelled_agency_owes_nothing(office, operator):
    await _import(office, operator, _trademark(A, until="2020-01-01"))
    assert len(await _told(office)) == 1
    await Agency.update({Agency.status: "cancelled"}, force=True)
    alarms = await load_alarms(office)
    assert (alarms.alarms, alarms.not_known) == ((), {})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("alarm_filing_years", "three"),
        ("alarm_report_until", "02-29"),
        ("alarm_report_until", "3-31"),
        ("alarm_company_certified", "4/0"),
        ("alarm_one_agency_patent_from", "2019"),
    ],
)
async def test_a_number_of_the_law_that_is_none_is_named(office, key, value):
    await LegalParameter.update({LegalParameter.value: value}).where(LegalParameter.key == key)
    with pytest.raises(InputError, match=key):
        await load_alarms(office)


async def test_an_office_that_enters_another_number_goes_by_it(office, operator, clock):
    await _import(office, operator, _trademark(A, until="2029-12-01", altered="2026-11-24"))
    await LegalParameter.update({LegalParameter.value: "10"}).where(
        LegalParameter.key == "alarm_alteration_days"
    )
    _set(clock, "2026-12-05")
    assert await _told(office) == [("alteration", True, A)]


@pytest.fixture
async def world(office, operator):
    """Something overdue, something due, something unknown; a name that a spreadsheet would compute."""
    await _import(office, operator, _trademark(A, until="2026-11-10"), _trademark(B, until="2026-12-01"))
    await _import(office, operator, _row(C, form="", year="", n="", certified=""))
    await Agency.update({Agency.name: "=1+1"}).where(Agency.uscc == A)
    for name, role in (("approver", Role.APPROVER), ("security", Role.SECURITY)):
        await add_account(office, name, role)


@pytest.mark.usefixtures("world")
async def test_the_page_says_what_which_law_since_when_and_what_to_do(office):
    async with desk_of(office, "approver") as desk:
        page = (await desk.open("/admin/alarms")).text
        for text in ("2026年11月10日", "第63号", "延续", "已逾期", "未知", f"机构{B[-2:]}"):
            assert text in page
        only = (await desk.open("/admin/alarms?kind=filing&urgency=due")).text
        assert B in only
        assert A not in only
        assert (await desk.open("/admin/alarms?kind=none")).status_code == 200
        english = (await desk.open("/en/admin/alarms")).text
        assert "The filing expired on 10 November 2026" in english


@pytest.mark.usefixtures("world")
async def test_the_page_of_an_agency_says_how_it_stands(office, operator):
    await _import(
        office, operator, _trademark(B, until="2026-12-01", altered="2026-10-01", form="合伙", n="3")
    )
    async with desk_of(office, "approver") as desk:
        page = (await desk.open(f"/admin/agencies/{B}")).text
        for text in ("合伙", "有效期至2026年12月1日", "变更发生于2026年10月1日", "变更备案", "即将到期"):
            assert text in page
        assert "备案有效期已于" not in page


@pytest.mark.usefixtures("world")
async def test_the_desk_counts_the_alarms_and_leads_to_them(office):
    async with desk_of(office, "approver") as desk:
        page = (await desk.open("/admin")).text
        assert "/admin/alarms?urgency=overdue" in page
        assert "/admin/alarms?urgency=due" in page
    async with desk_of(office, "security") as desk:
        assert "/admin/alarms" not in (await desk.open("/admin")).text


@pytest.mark.usefixtures("world")
async def test_the_alarms_for_programs_and_spreadsheets(office):
    async with desk_of(office, "approver") as desk:
        answer = (await desk.open("/admin/alarms.json")).json()
        assert (answer["on"], answer["not_known"]) == ("2026-11-24", {"partners": 1, "report": 1})
        first = answer["alarms"][0]
        assert (first["kind"], first["is_overdue"], first["uscc"], first["due_on"], first["since"]) == (
            *("filing", True, A, "2026-11-10", "2026-11-11"),
        )
        only = (await desk.open("/admin/alarms.json?urgency=due")).json()
        assert [alarm["uscc"] for alarm in only["alarms"]] == [B]
        sent = await desk.open("/admin/alarms.csv")
        rows = list(csv.reader(io.StringIO(sent.content.decode("utf-8-sig"))))
        assert [len(row) for row in rows] == [len(rows[0])] * 3
        assert rows[1][:4] == ["商标备案有效期", "已逾期", "'=1+1", A]


async def test_what_is_overdue_longest_comes_first(office, operator):
    await _import(
        office,
        operator,
        _trademark(A, until="2026-12-01"),
        _trademark(B, until="2026-11-20"),
        _trademark(C, until="2026-11-10"),
    )
    assert [uscc for _, _, uscc in await _told(office)] == [C, B, A]
