"""Draws as the public reads them: nothing before its time, everything afterwards."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from agency_credit.database.tables import DrawFile
from agency_credit.domain.canonical import digest, format_canonical
from tests import builders
from tests.visitor import visit

ROOT = Path(__file__).parents[2]
CASE = builders.VECTORS / "case-012"
DRAW = "3703-2026-012"
RESULT = json.loads((CASE / "result.json").read_bytes())
FRAME = [json.loads(line) for line in (CASE / "targets.jsonl").read_bytes().splitlines()]
SECRET_UNTIL_PUBLISHED = ("targets.jsonl", "inspectors.jsonl", "recusals.jsonl", "reveal.json", "result.json")


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough here; that both give the same is tested in test_web_stores.py."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def client(office):
    async with visit(office) as client:
        yield client


@pytest.fixture
async def published(office):
    return await builders.add_draw("case-012", *builders.STEPS)


async def all_readings(client):
    """Everything that can be read about the draw in one text."""
    paths = [f"/draws/{DRAW}", "/draws", "/draws.json", "/draws.csv", "/", "/api/v1/statistics"]
    paths += [f"/api/v1/draws/{DRAW}", f"/api/v1/draws/{DRAW}/bundle", f"/draws/{DRAW}/bundle.zip"]
    for row in FRAME:
        paths += [f"/draws/{DRAW}/units/{row['unit']}", f"/api/v1/agencies/{row['unit']}/inspections"]
    for name in SECRET_UNTIL_PUBLISHED:
        paths += [f"/draws/{DRAW}/files/{name}", f"/api/v1/draws/{DRAW}/files/{name}"]
    return "\n".join([(await client.get(path)).text for path in paths])


@pytest.mark.parametrize("steps", [("announced",), ("announced", "approved"), builders.STEPS[:3]])
async def test_before_publication_neither_seed_nor_result_nor_lines_are_read(client, office, steps):
    await builders.add_draw("case-012", *steps)
    read = await all_readings(client)
    assert RESULT["seed"] not in read
    assert RESULT["teams"][0]["inspectors"][0] not in read
    assert "26262689585818158644" not in read
    assert not any(stratum["cutoff"] in read for stratum in RESULT["strata"])
    assert "stream" not in (await client.get(f"/api/v1/agencies/{FRAME[0]['unit']}/inspections")).text


async def test_plan_and_roots_are_public_from_the_announcement_on(client, office):
    await builders.add_draw("case-012", "announced")
    for name in ("plan.json", "announcement.json"):
        answer = await client.get(f"/draws/{DRAW}/files/{name}")
        assert answer.content == (CASE / name).read_bytes()
    body = (await client.get(f"/api/v1/draws/{DRAW}")).json()
    assert body["announcement"] == hashlib.sha256((CASE / "announcement.json").read_bytes()).hexdigest()
    assert (
        body["roots"][0]["root"] == json.loads((CASE / "announcement.json").read_bytes())["targets"]["root"]
    )
    assert body["result_digest"] is None


async def test_the_fingerprint_of_the_result_is_public_when_drawn_itself_not(client, office):
    await builders.add_draw("case-012", *builders.STEPS[:3])
    body = (await client.get(f"/api/v1/draws/{DRAW}")).json()
    assert body["result_digest"] == hashlib.sha256((CASE / "result.json").read_bytes()).hexdigest()
    assert body["outcome"] is None
    assert (await client.get(f"/draws/{DRAW}/files/result.json")).status_code == 404


async def test_a_draft_is_as_unknown_as_nothing(client, office):
    await builders.add_draw("case-012")
    for path in (f"/draws/{DRAW}", f"/api/v1/draws/{DRAW}", f"/draws/{DRAW}/files/plan.json"):
        assert (await client.get(path)).status_code == 404
    assert (await client.get("/draws.json")).json()["items"] == []


async def test_the_bundle_of_a_published_draw_is_verified_by_the_downloaded_verifier(
    client, published, tmp_path
):
    bundle = await client.get(f"/api/v1/draws/{DRAW}/bundle")
    verifier = await client.get("/verify/verify_draw.py")
    (tmp_path / "draw.zip").write_bytes(bundle.content)
    (tmp_path / "verify_draw.py").write_bytes(verifier.content)
    command = [sys.executable, "-I", "-S", "verify_draw.py", "draw.zip"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_the_bundle_is_the_same_every_time_and_holds_every_file(client, published):
    first = await client.get(f"/draws/{DRAW}/bundle.zip")
    second = await client.get(f"/api/v1/draws/{DRAW}/bundle")
    assert first.content == second.content
    archive = zipfile.ZipFile(io.BytesIO(first.content))
    expected = {path.name: path.read_bytes() for path in CASE.iterdir()}
    assert {name: archive.read(name) for name in archive.namelist()} == expected


async def test_the_page_of_a_published_draw_shows_strata_teams_and_how_to_check(client, published):
    page = (await client.get(f"/draws/{DRAW}")).text
    assert RESULT["seed"] in page
    assert all(team["unit"] in page for team in RESULT["teams"])
    for text in (
        "sha256sum",
        "verify_draw.py",
        "应当检查（非抽取）",
        "专利代理条例第二十二条",
        "/log/proof/3",
    ):
        assert text in page


async def test_few_candidates_for_a_seat_are_flagged(client, office):
    await builders.add_draw("case-032", *builders.STEPS)
    outcome = (await client.get("/api/v1/draws/3703-2026-032")).json()["outcome"]
    flagged = [m for target in outcome["targets"] for m in target["team"] if m["is_few"]]
    assert outcome["n_few"] == len(flagged) > 0
    assert all(member["n_candidates"] < 3 for member in flagged)
    assert "少于三人" in (await client.get("/draws/3703-2026-032")).text


async def test_a_unit_s_place_agrees_with_the_result_and_its_proof_leads_to_the_root(client, published):
    for row in FRAME:
        check_place(row, (await client.get(f"/api/v1/draws/{DRAW}/units/{row['unit']}")).json())


def check_place(row, place):
    stratum = next(s for s in RESULT["strata"] if s["stratum"] == row["stratum"])
    is_lottery = row["excluded"] is None and row["mandatory"] is None
    assert (place["place"] == "drawn") == (row["unit"] in stratum["drawn"])
    assert (place["place"] == "excluded") == (row["excluded"] is not None)
    assert (place["place"] == "mandatory") == (row["mandatory"] is not None)
    ticket = hashlib.sha256(f"{RESULT['seed']},target,{row['unit']}".encode()).hexdigest()
    assert place["ticket"] == ticket
    if is_lottery:
        assert (ticket <= stratum["cutoff"]) == (place["place"] == "drawn")
    assert recompute_root(place) == place["root"]


def recompute_root(place):
    """RFC 6962, 2.1.1, by the book: the way a reader of the page would check the proof."""
    node = hashlib.sha256(b"\x00" + place["line"].encode()).digest()
    index, last = place["index"], place["size"] - 1
    for sibling in map(bytes.fromhex, place["proof"]):
        while not index & 1 and index == last:
            index, last = index >> 1, last >> 1
        pair = sibling + node if index & 1 else node + sibling
        node, index, last = hashlib.sha256(b"\x01" + pair).digest(), index >> 1, last >> 1
    return node.hex()


async def test_the_page_of_a_unit_gives_the_line_that_checks_it(client, published):
    unit = RESULT["strata"][0]["drawn"][0]
    page = (await client.get(f"/draws/{DRAW}/units/{unit}")).text
    assert f"printf '%s' '{RESULT['seed']},target,{unit}' | sha256sum" in page
    assert "已抽中" in page


async def test_an_excluded_and_a_mandatory_unit_say_why(client, published):
    excluded = next(row for row in FRAME if row["excluded"])
    mandatory = next(row for row in FRAME if row["mandatory"])
    for row, ground in ((excluded, excluded["excluded"]), (mandatory, mandatory["mandatory"])):
        page = (await client.get(f"/draws/{DRAW}/units/{row['unit']}")).text
        assert ground["reason"] in page
        assert ground["basis"] in page


async def test_inspectors_are_named_only_where_names_are_published(client, published):
    inspector = RESULT["teams"][0]["inspectors"][0]
    assert "王检查" not in (await client.get(f"/draws/{DRAW}")).text
    line = {"certificate": "鲁C00001", "inspector": inspector, "name": "王检查", "salt": "0" * 64}
    content = format_canonical(line) + b"\n"
    await DrawFile.insert(
        DrawFile(draw=published, name="names.jsonl", content=content, digest=digest(content))
    )
    assert "王检查" in (await client.get(f"/draws/{DRAW}")).text
    assert (await client.get(f"/draws/{DRAW}/files/names.jsonl")).content == content


async def test_a_unit_outside_the_frame_is_not_found(client, published):
    answer = await client.get(f"/api/v1/draws/{DRAW}/units/91370000000000000X")
    assert answer.status_code == 404
    assert answer.json()["code"] == "draw.unit-unknown"


@pytest.mark.parametrize("unit", [FRAME[0]["unit"], "91370000000000000X"])
async def test_before_the_publication_the_page_of_a_unit_leads_to_the_draw_whoever_it_is(client, unit):
    await builders.add_draw("case-012", "announced", "approved", "drawn")
    answer = await client.get(f"/en/draws/{DRAW}/units/{unit}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/en/draws/{DRAW}")
    assert (await client.get(f"/draws/none/units/{unit}")).status_code == 404


async def test_a_voided_draw_stays_with_its_reason(client, office):
    await builders.add_draw("case-012", "announced", "approved", "voided", void=("event-missing", "当期停售"))
    page = (await client.get(f"/draws/{DRAW}")).text
    assert "已作废" in page
    assert "当期停售" in page
    assert (await client.get("/draws.json?state=voided")).json()["items"][0]["draw"] == DRAW


async def test_only_published_results_are_read(client, published):
    told, kept = RESULT["teams"][0]["unit"], RESULT["teams"][1]["unit"]
    await builders.add_result(published, told, categories=["B", "E"], findings="已责令改正，电话13900005678")
    await builders.add_result(published, kept, findings="不得外传", is_published=False)
    read = await all_readings(client)
    assert "未按规定公示应当公示的信息" in read
    assert "不得外传" not in read
    assert "13900005678" not in read
    inspection = (await client.get(f"/api/v1/agencies/{told}/inspections")).json()[0]
    assert inspection["result"]["log_index"] == 9
    statistics = (await client.get("/api/v1/statistics")).json()
    assert statistics["results"] == 1
    assert statistics["results_by_category"]["发现问题经责令已改正"] == 1


async def test_draws_come_newest_first_and_page_by_page(client, office):
    for case in ("case-001", "case-005", "case-012"):
        await builders.add_draw(case, "announced")
    first = (await client.get("/api/v1/draws?limit=2")).json()
    rest = (await client.get("/api/v1/draws", params={"limit": 2, "cursor": first["cursor"]})).json()
    assert [item["draw"][-3:] for item in first["items"] + rest["items"]] == ["012", "005", "001"]
    assert rest["cursor"] is None
    assert first["total"] == 3


@pytest.mark.parametrize("query", ["state=lost", "cursor=abc", "limit=0", "limit=500"])
async def test_a_query_for_draws_that_cannot_be_used_is_refused(client, office, query):
    answer = await client.get(f"/api/v1/draws?{query}")
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["at"] == query.split("=")[0]


async def test_the_times_of_the_sources_are_written_out(client, published):
    source = json.loads((CASE / "plan.json").read_bytes())["entropy"]
    at = next(item["at"] for item in source if item["kind"] == "public")
    page = (await client.get(f"/draws/{DRAW}")).text
    year, month, day = at[:10].split("-")
    assert f'<span class="small soft">{year}年{int(month)}月{int(day)}日 {at[11:16]}</span>' in page
