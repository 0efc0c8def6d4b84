"""An agency's place in every published draw at its desk, and the line that checks it, run as it stands."""

from __future__ import annotations

import html
import json
import re
import subprocess

import pytest

from agency_credit.domain.role import Seat
from agency_credit.services.agency_draws import load_own_places
from agency_credit.services.publish_draw import publish_draw
from tests import world as made
from tests.builders import VECTORS, add_draw
from tests.integration.console import desk_of

CASES = [case.name for case in sorted(VECTORS.glob("case-*"))][:10]
WORDS = {"drawn": "drawn", "reserve": "reserves", "mandatory": "mandatory"}


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


def seat_at(unit):
    from agency_credit.domain.role import DeskRight

    return Seat(agency_id=1, uscc=unit, name="", right=DeskRight.READER)


@pytest.mark.parametrize("case", CASES)
async def test_each_unit_of_a_frame_reads_its_place_as_the_files_have_it(office, case):
    await add_draw(case, "announced", "approved", "drawn", "published")
    files = {path.name: path.read_bytes() for path in (VECTORS / case).iterdir()}
    result = json.loads(files["result.json"])
    strata = {item["stratum"]: item for item in result["strata"]}
    for line in map(json.loads, files["targets.jsonl"].split(b"\n")[:-1][:40]):
        (place,) = await load_own_places(seat_at(line["unit"]))
        stratum = strata[line["stratum"]]
        named = [key for key in ("drawn", "reserves") if line["unit"] in stratum[key]]
        assert named == [WORDS[place.place]] if place.place in ("drawn", "reserve") else not named
        assert (place.chance == "") is bool(line["excluded"] or line["mandatory"])
        assert place.reason == (line["excluded"] or line["mandatory"] or {}).get("reason", "")
    assert await load_own_places(seat_at("no unit of it")) == ()


@pytest.mark.parametrize("steps", [("announced",), ("announced", "approved", "drawn")])
async def test_a_draw_that_is_not_published_shows_no_place(office, steps):
    await add_draw(CASES[0], *steps)
    line = (VECTORS / CASES[0] / "targets.jsonl").read_bytes().split(b"\n")[0]
    assert await load_own_places(seat_at(json.loads(line)["unit"])) == ()


async def test_the_chances_of_a_stratum_add_up_to_what_it_takes(office):
    from fractions import Fraction

    for case in CASES:
        await add_draw(case, "announced", "approved", "drawn", "published")
    rows = [
        json.loads(line)
        for line in (VECTORS / pareto_case() / "targets.jsonl").read_bytes().split(b"\n")[:-1]
    ]
    draw = json.loads((VECTORS / pareto_case() / "plan.json").read_bytes())["draw"]
    sums: dict[str, Fraction] = {}
    takes: dict[str, int] = {}
    for row in rows:
        place = next(p for p in await load_own_places(seat_at(row["unit"])) if p.draw == draw)
        takes[place.stratum] = place.take
        sums[place.stratum] = sums.get(place.stratum, Fraction(0)) + Fraction(place.chance or 0)
    assert sums == takes
    assert any(takes.values())


def pareto_case():
    for case in CASES:
        plan = json.loads((VECTORS / case / "plan.json").read_bytes())
        n = (VECTORS / case / "targets.jsonl").read_bytes().count(b"\n")
        if plan["selection"] == "pareto" and n < 100:
            return case
    raise AssertionError("no vector draws by size")


async def test_the_line_on_the_page_says_what_the_page_says(world, tmp_path):
    draw = await made.drawn(world, publication="at-once", reserves=2)
    await publish_draw(world.office, world.approver, draw)
    n_ran = 0
    for number in range(6):
        unit = made.uscc(number)
        actor = await made.add_agency_person(world.office, f"at{number}", unit)
        (place,) = await load_own_places(actor.seats[0])
        async with desk_of(world.office, actor.username) as desk:
            page = (await desk.open(f"/desk/{unit}/draws")).text
            if not n_ran:
                for path in (f"/draws/{draw}/bundle.zip", "/verify/verify_draw.py"):
                    answer = await desk.client.get(path)
                    name = f"{draw}.zip" if path.endswith("zip") else "verify_draw.py"
                    (tmp_path / name).write_bytes(answer.content)
        line = html.unescape(re.search(r"<pre>(.*?)</pre>", page)[1])
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
        place_said = (
            f"{WORDS[place.place]} {place.stratum} {place.position}" if place.position else "in no list"
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"verified\n{unit}: {place_said}\n"
        n_ran += 1
    assert n_ran == 6


async def test_a_false_bundle_says_nothing_of_a_place(tmp_path):
    command = ["python3", "-I", "-S", "agency_credit/verification/verify_draw.py"]
    false = VECTORS / "false" / "team"
    done = subprocess.run(
        [*command, str(false), "--unit", "U-001"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "list" not in done.stdout.splitlines()[-1]


async def test_nobody_opens_the_places_of_another_agency(world):
    await made.add_agency_person(world.office, "stranger", made.uscc(1))
    async with desk_of(world.office, "stranger") as desk:
        assert (await desk.open(f"/desk/{made.uscc(2)}/draws")).status_code == 404
        assert (await desk.open(f"/desk/{made.uscc(1)}/draws")).status_code == 200
