"""Posts of practitioners in the store: opened, closed, opened again."""

from __future__ import annotations

import pytest

from agency_credit.database.tables import Agency, AgencyPractice, Practitioner, PractitionerPost
from agency_credit.services.import_file import import_file

A, B = "91370303MA3C000017", "91370303MA3D00001B"


async def _import(office, operator, kind, *lines):
    return await import_file(
        office, operator, kind, "名单.csv", "\n".join(lines).encode(), practice_line="patent"
    )


@pytest.fixture
async def agencies(office, operator):
    """Two agencies."""
    await _import(office, operator, "agencies", "机构名称,信用代码", f"甲,{A}", f"乙,{B}")


async def _claim(office, operator, *rows):
    report = await _import(office, operator, "practitioners", "姓名,资格证号,信用代码,状态", *rows)
    assert report.is_committed
    return report


async def _open_posts():
    rows = (
        await PractitionerPost.select(PractitionerPost.agency.uscc.as_alias("uscc"))
        .where(PractitionerPost.released_at.is_null())
        .order_by(PractitionerPost.agency)
    )
    return [row["uscc"] for row in rows]


@pytest.mark.usefixtures("agencies")
async def test_a_post_opens_closes_and_opens_again(office, operator, clock):
    await _claim(office, operator, f"张三,3712345,{A},执业")
    clock.forward(days=1)
    await _claim(office, operator, f"张三,3712345,{B},执业")
    assert await _open_posts() == [A, B]
    clock.forward(days=1)
    await _claim(office, operator, f"张三,3712345,{A},离职")
    assert await _open_posts() == [B]
    person = await Practitioner.select(Practitioner.status, Practitioner.agency.uscc.as_alias("uscc")).first()
    assert person == {"status": "active", "uscc": B}
    clock.forward(days=1)
    await _claim(office, operator, f"张三,3712345,{A},执业")
    assert await _open_posts() == [A, B]
    claimed = await PractitionerPost.select(PractitionerPost.claimed_at).order_by(PractitionerPost.agency)
    assert claimed[0]["claimed_at"] == clock.now
    assert (await _claim(office, operator, f"张三,3712345,{A},执业")).same == 1


async def test_the_register_keeps_what_a_list_says_of_standing(office, operator):
    header = (
        "机构名称,信用代码,组织形式,合伙人或股东人数,其中持证人数,"
        "变更发生日期,变更备案日期,年度报告年度,年度报告提交日期"
    )
    row = f"甲,{A},公司,5,4,2026-09-01,2026-09-20,2025,2026-03-31"
    await _import(office, operator, "agencies", header, row)
    assert (await _import(office, operator, "agencies", header, row)).same == 1
    agency = await Agency.select().first()
    assert (agency["legal_form"], agency["n_partners"], agency["n_certified_partners"]) == ("company", 5, 4)
    practice = await AgencyPractice.select().first()
    days = [practice[name].isoformat() for name in ("altered_on", "alteration_filed_on", "reported_on")]
    assert (days, practice["report_year"]) == (["2026-09-01", "2026-09-20", "2026-03-31"], 2025)
    changed = await _import(office, operator, "agencies", header, row.replace(",5,4,", ",6,5,"))
    assert [(c.field, c.old, c.new) for c in changed.outcomes[0].changes] == [
        ("n_partners", "5", "6"),
        ("n_certified_partners", "4", "5"),
    ]
