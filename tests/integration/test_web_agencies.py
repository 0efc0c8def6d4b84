"""Agencies as the public reads them."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from agency_credit.database.tables import Agency, RecordEvent, RecordSalt
from agency_credit.domain.canonical import digest
from tests import builders
from tests.visitor import visit

ZHONGKE = "91370303MA3CXXXX01"


@pytest.fixture
async def client(office):
    async with visit(office) as client:
        yield client


@pytest.fixture
async def zhongke(office):
    agency = await builders.add_agency(
        ZHONGKE, "淄博中科专利事务所", lines={"patent": "37201", "trademark": "SB001"}
    )
    await builders.add_rating(agency, "B", 85_000, on=date(2026, 1, 1))
    await builders.add_rating(agency, "A", 92_500, lines=[builders.ledger_line()])
    return agency


async def search(client, **query):
    answer = await client.get("/api/v1/agencies", params=query)
    assert answer.status_code == 200, answer.text
    return [item["uscc"] for item in answer.json()["items"]]


@pytest.mark.parametrize("q", ["中科", "zbzk", "37201", "中科 淄博", "ＺＢＺＫ", ZHONGKE.lower(), ""])
async def test_search_finds_by_two_characters_initials_and_codes(client, zhongke, q):
    await builders.add_agency("91370303MA3CXXXX02", "张店正信商标事务所", lines={"trademark": "SB002"})
    found = await search(client, q=q)
    assert found[0] == ZHONGKE
    assert (len(found) == 2) is (q == "")


@pytest.mark.parametrize("q", ["%", "_", "科中", "'", "!", "\x00中科正"])
async def test_search_takes_signs_for_what_they_are(client, zhongke, q):
    assert await search(client, q=q) == []


async def test_filters_ask_for_the_newest_tier_only(client, zhongke):
    assert await search(client, tier="A") == [ZHONGKE]
    assert await search(client, tier="B") == []
    assert await search(client, tier="A", practice_line="trademark") == []
    assert await search(client, practice_line="trademark", area="3703") == [ZHONGKE]
    assert await search(client, area="370302") == []


async def test_pages_follow_each_other_without_gap_or_overlap(client, office):
    codes = [f"91370303MA3CXX{n:04d}" for n in range(7)]
    for code in reversed(codes):
        await builders.add_agency(code, f"代理{code}")
    found, cursor, totals = [], "", set()
    while cursor is not None:
        page = (await client.get("/api/v1/agencies", params={"limit": 3, "cursor": cursor})).json()
        found += [item["uscc"] for item in page["items"]]
        totals.add(page["total"])
        cursor = page["cursor"]
    assert found == codes
    assert totals == {7}


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ({"tier": "E"}, "tier"),
        ({"practice_line": "copyright"}, "practice_line"),
        ({"limit": 201}, "limit"),
        ({"limit": 0}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"area": "张店"}, "area"),
        ({"cursor": "'; --"}, "cursor"),
        ({"q": "长" * 65}, "q"),
    ],
)
async def test_a_value_that_cannot_be_used_is_named(client, query, at):
    answer = await client.get("/api/v1/agencies", params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [fault["at"] for fault in answer.json()["faults"]] == [at]


async def test_all_faults_of_a_query_come_together(client):
    answer = await client.get("/api/v1/agencies", params={"tier": "E", "limit": 0})
    assert {fault["at"] for fault in answer.json()["faults"]} == {"tier", "limit"}


async def test_an_agency_shows_tier_ledger_and_the_fictional_pack(client, zhongke):
    body = (await client.get(f"/api/v1/agencies/{ZHONGKE}")).json()
    patent, trademark = body["ratings"]
    assert (patent["tier"], patent["score"], patent["pack"]["is_fictional"]) == ("A", "92.5", True)
    assert patent["lines"][0]["points"] == "-5"
    assert trademark["tier"] is None
    page = (await client.get(f"/agencies/{ZHONGKE}")).text
    for text in ("淄博中科专利事务所", "92.5", "−5", "虚构", "待核实", "计入"):
        assert text in page


async def test_history_tells_every_rating_newest_first(client, zhongke):
    rows = (await client.get(f"/api/v1/agencies/{ZHONGKE}/history")).json()
    assert [(row["tier"], row["score"]) for row in rows] == [("A", "92.5"), ("B", "85")]


async def test_a_line_shows_its_evidence_and_what_it_is_worth_where_a_cap_leaves_less(client, office):
    agency = await builders.add_agency(ZHONGKE, "淄博中科专利事务所")
    evidence = digest(b"a document")
    lines = [
        builders.ledger_line(worth="-12", points="-5", evidence=evidence),
        builders.ledger_line(worth="-7", points="0", state="capped"),
        builders.ledger_line(worth="-9", points="0", state="expired"),
    ]
    await builders.add_rating(agency, "A", 95_000, lines=lines)
    page = (await client.get(f"/agencies/{ZHONGKE}")).text
    assert f"<code>{evidence}</code>" in page
    assert page.count("证据摘要</summary>") == 1
    assert "应计 −12" in page
    assert "应计 −7" in page
    assert "应计 −9" not in page
    shown = (await client.get(f"/api/v1/agencies/{ZHONGKE}")).json()["ratings"][0]["lines"]
    assert [(line["worth"], line["evidence"]) for line in shown] == [
        ("-12", evidence),
        ("-7", None),
        ("-9", None),
    ]


@pytest.mark.parametrize("event", ["repaired", "withdrawn"])
async def test_the_course_tells_what_moved_the_score_and_no_record_gone_since(client, office, event):
    agency = await builders.add_agency(ZHONGKE, "淄博中科专利事务所")
    await builders.add_record(agency, "警告", on=date(2026, 2, 1))
    salt = await RecordSalt.select(RecordSalt.record, RecordSalt.commitment).first()
    gone, stands = salt["commitment"], digest(b"stands")
    move = {"clause": "F-PA-04", "before": None, "after": "-5", "state": "counting"}
    await builders.add_rating(agency, "A", 100_000, on=date(2026, 1, 1))
    await builders.add_rating(
        agency, "A", 95_000, on=date(2026, 3, 1), moved=[{**move, "record": stands}] * 2
    )
    both = [{**move, "record": stands, "before": "-5", "after": "0", "state": None}, {**move, "record": gone}]
    await builders.add_rating(agency, "A", 100_000, on=date(2026, 9, 1), moved=both)
    page = (await client.get(f"/agencies/{ZHONGKE}")).text
    assert "2 条信息，F-PA-04 受到警告：0 → −5 分（计入）" in page
    assert "1 条信息，F-PA-04 受到警告：−5 → 0 分（不再列入）" in page
    assert "1 条信息，F-PA-04 受到警告：0 → −5 分（计入）" in page
    await RecordEvent.insert(
        RecordEvent(record=salt["record"], event=event, on=date(2026, 11, 24), known_at=builders.NOON)
    )
    assert (
        "1 条信息，F-PA-04 受到警告：0 → −5 分（计入）" not in (await client.get(f"/agencies/{ZHONGKE}")).text
    )
    history = (await client.get(f"/api/v1/agencies/{ZHONGKE}/history")).json()
    assert [len(row["moved"]) for row in history] == [1, 2, 0]


@pytest.mark.parametrize("event", ["repaired", "withdrawn"])
async def test_what_moved_after_a_rating_that_is_left_out_is_told_against_the_last_that_is_shown(
    client, office, event
):
    agency = await builders.add_agency(ZHONGKE, "淄博中科专利事务所", lines={"patent": "1", "trademark": "2"})
    await builders.add_record(agency, "警告", on=date(2026, 2, 1))
    salt = await RecordSalt.select(RecordSalt.record, RecordSalt.commitment).first()
    heavy, light, new = salt["commitment"], digest(b"light"), digest(b"new")

    def moved(record, before, after, state="counting"):
        return {"record": record, "clause": "F-PA-04", "before": before, "after": after, "state": state}

    def line(record, points, state="counting"):
        return builders.ledger_line(record=record, points=points, state=state)

    # The heavy record takes the place of the light one, for as long as it is not gone.
    of_both = [line(light, "0", "capped"), line(heavy, "-12")]
    ratings = [
        (1, 95_000, [line(light, "-5")], []),
        (2, 88_000, of_both, [moved(light, "-5", "0", "capped"), moved(heavy, None, "-12")]),
        (3, 90_000, [line(light, "-5"), line(new, "-5")],
         [moved(light, "0", "-5"), moved(new, None, "-5"), moved(heavy, "-12", None, None)]),
        (4, 95_000, [line(light, "-5")], [moved(new, "-5", None, None)]),
    ]  # fmt: skip
    for month, score, lines, moves in ratings:
        await builders.add_rating(agency, "A", score, on=date(2026, month, 1), lines=lines, moved=moves)
    only = [line(heavy, "-12")], [moved(heavy, None, "-12")]
    for month, lines, moves in ((5, *only), (6, [line(light, "-5")], [moved(heavy, "-12", None, None)])):
        await builders.add_rating(
            agency, "A", 95_000, on=date(2026, month, 1), lines=lines, moved=moves, line="trademark"
        )
    await RecordEvent.insert(
        RecordEvent(record=salt["record"], event=event, on=date(2026, 11, 24), known_at=builders.NOON)
    )
    history = (await client.get(f"/api/v1/agencies/{ZHONGKE}/history")).json()
    told = [
        (row["number"], [(move["before"], move["after"], move["state"]) for move in row["moved"]])
        for row in reversed(history)
        if row["practice_line"] == "patent"
    ]
    assert told == [(1, []), (3, [(None, "-5", "counting")]), (4, [("-5", None, None)])]
    assert [row["moved"] for row in history if row["practice_line"] == "trademark"] == [[]]


@pytest.mark.parametrize("event", ["repaired", "withdrawn"])
async def test_the_ledger_shows_no_line_of_a_record_that_is_gone(client, office, event):
    agency = await builders.add_agency(ZHONGKE, "淄博中科专利事务所")
    await builders.add_record(agency, "警告", on=date(2026, 2, 1))
    salt = await RecordSalt.select(RecordSalt.record, RecordSalt.commitment).first()
    lines = [
        builders.ledger_line(record=salt["commitment"], points="-12"),
        builders.ledger_line(record=digest(b"stands"), points="-7"),
    ]
    await builders.add_rating(agency, "A", 81_000, lines=lines)
    await RecordEvent.insert(
        RecordEvent(record=salt["record"], event=event, on=date(2026, 11, 24), known_at=builders.NOON)
    )
    body = (await client.get(f"/api/v1/agencies/{ZHONGKE}")).json()
    assert (body["records"], [line["points"] for line in body["ratings"][0]["lines"]]) == ([], ["-7"])
    page = (await client.get(f"/agencies/{ZHONGKE}")).text
    assert ("−12" in page, "−7" in page) == (False, True)
    assert (await client.get(f"/api/v1/agencies/{ZHONGKE}/history")).json() == []


@pytest.mark.parametrize("column", ["authority", "document_number", "summary"])
async def test_numbers_of_persons_in_a_record_are_masked_whatever_the_column(client, zhongke, column):
    text = "赵某13900005678，11010519491231002X"
    await builders.add_record(zhongke, "警告", **{column: text})
    for path in (f"/agencies/{ZHONGKE}", f"/api/v1/agencies/{ZHONGKE}"):
        shown = (await client.get(path)).text
        assert ("139****5678" in shown, "110105********002X" in shown) == (True, True)
        assert "13900005678" not in shown
        assert "19491231" not in shown


async def test_nothing_personal_leaves(client, zhongke):
    await builders.add_record(zhongke, "警告", summary="联系人赵某，电话13900005678")
    for path in (f"/agencies/{ZHONGKE}", f"/api/v1/agencies/{ZHONGKE}", "/agencies.json", "/agencies.csv"):
        text = (await client.get(path)).text
        assert "赵保密" not in text
        assert "13800001234" not in text
        assert "13900005678" not in text
    assert "139****5678" in (await client.get(f"/agencies/{ZHONGKE}")).text


async def test_a_branch_and_its_parent_point_at_each_other(client, zhongke):
    await builders.add_agency("91370303MA3CXXXX09", "中科张店分所", branch_of=zhongke)
    parent = (await client.get(f"/api/v1/agencies/{ZHONGKE}")).json()
    branch = (await client.get("/api/v1/agencies/91370303MA3CXXXX09")).json()
    assert [b["name"] for b in parent["branches"]] == ["中科张店分所"]
    assert branch["branch_of"]["uscc"] == ZHONGKE
    assert "中科张店分所" in (await client.get(f"/agencies/{ZHONGKE}")).text


@pytest.mark.parametrize("path", ["/agencies/{}", "/api/v1/agencies/{}", "/api/v1/agencies/{}/history"])
async def test_an_unknown_agency_is_not_found_and_says_what_to_do(client, path):
    answer = await client.get(path.format("91370303MA3CXXXX99"))
    assert answer.status_code == 404
    assert "按名称查询" in answer.text


async def test_cells_of_a_csv_never_become_formulas(client, office):
    await builders.add_agency(ZHONGKE, '=HYPERLINK("http://evil")')
    answer = await client.get("/agencies.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:2] == ["统一社会信用代码", "名称"]
    assert rows[1][1] == '\'=HYPERLINK("http://evil")'


async def test_a_name_with_markup_is_shown_as_text(client, office):
    await builders.add_agency(ZHONGKE, "<script>alert(1)</script>事务所")
    for path in ("/agencies", f"/agencies/{ZHONGKE}"):
        page = (await client.get(path)).text
        assert "<script>" not in page
        assert "&lt;script&gt;" in page


async def test_list_status_is_visible_in_list_and_page(client, zhongke):
    await Agency.update({Agency.list_status: "serious"}).where(Agency.id == zhongke)
    for path in ("/agencies", f"/agencies/{ZHONGKE}"):
        assert "列入严重违法失信名单" in (await client.get(path)).text


async def test_a_long_search_keeps_its_filters_on_the_next_page(client, office):
    for n in range(51):
        await builders.add_agency(f"91370303MA3CXX{n:04d}", f"中科{n}")
    page = (await client.get("/agencies", params={"q": "中科", "practice_line": "patent"})).text
    assert "共查询到 51 家代理机构" in page
    assert "practice_line=patent&amp;cursor=91370303MA3CXX0049" in page


@pytest.mark.parametrize(
    ("prefix", "said"),
    [("", "2026年1月1日：85 分，信用等级 B"), ("/en", "1 January 2026: 85 points, tier B")],
)
async def test_the_page_draws_the_published_ratings_of_a_line_with_several(client, zhongke, prefix, said):
    page = (await client.get(f"{prefix}/agencies/{ZHONGKE}")).text
    assert page.count('<svg viewBox="0 0 720 340" role="img"') == 1
    assert said in page
    assert 'class="band-a-plus"' in page
    assert "style=" not in page[page.index("<main") :]
