"""The public's readings of a published draw and its numbers, on both databases."""

from __future__ import annotations

from datetime import date

from tests import builders
from tests.visitor import visit

DRAW = "3703-2026-032"
UNIT = "913703031DQDHPTLP5"


async def test_a_published_draw_reads_the_same_from_both_databases(office):
    draw = await builders.add_draw("case-032", *builders.STEPS, names={UNIT: "淄博稷下专利事务所"})
    await builders.add_result(draw, UNIT, categories=["E"])
    async with visit(office) as client:
        body = (await client.get(f"/api/v1/draws/{DRAW}")).json()
        inspections = (await client.get(f"/api/v1/agencies/{UNIT}/inspections")).json()
        place = (await client.get(f"/api/v1/draws/{DRAW}/units/{UNIT}")).json()
        pages = [await client.get(path) for path in ("/", "/draws", f"/draws/{DRAW}", f"/agencies/{UNIT}")]
    target = next(item for item in body["outcome"]["targets"] if item["unit"] == UNIT)
    assert (target["name"], target["result"]["categories"]) == (
        "淄博稷下专利事务所",
        ["发现问题经责令已改正"],
    )
    assert [step["at"] for step in body["steps"]][:2] == ["2026-11-24T04:00:00Z", "2026-11-25T04:00:00Z"]
    assert inspections[0]["result"]["inspected_on"] == "2026-11-27"
    assert (place["place"], place["position"]) == ("drawn", 1)
    assert [page.status_code for page in pages] == [200] * 4


async def test_numbers_count_the_newest_tier_of_agencies_in_force(office):
    known = await builders.add_agency("91370303MA3CXXXX01", "甲", lines={"patent": "1", "trademark": "2"})
    gone = await builders.add_agency("91370303MA3CXXXX02", "乙", status="cancelled")
    await builders.add_rating(known, "B", 85_000, on=date(2026, 1, 1))
    await builders.add_rating(known, "A", 95_000)
    await builders.add_rating(known, "C", 70_000, line="trademark")
    await builders.add_rating(gone, "D", 10_000)
    async with visit(office) as client:
        numbers = (await client.get("/api/v1/statistics")).json()
    assert numbers["agencies"] == 1
    assert numbers["by_practice_line"] == {"patent": 1, "trademark": 1}
    assert numbers["tiers"] == {"patent": {"A": 1}, "trademark": {"C": 1}}
