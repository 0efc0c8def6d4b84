"""`agency-credit verify` with proofs that the real services serve; lateness on the page of a draw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agency_credit.cli import run
from agency_credit.database.tables import LogEntry
from agency_credit.services.draw_steps import run_draw
from agency_credit.services.log import load_log_keys, load_proof
from agency_credit.services.office import Office
from agency_credit.services.publish_draw import publish_draw
from agency_credit.settings import Settings
from agency_credit.verification.check_log import LogReport, check_log
from tests import world as made
from tests.conftest import Clock
from tests.databases import Databases
from tests.visitor import visit
from tests.world import World

LATE = "抽取晚于协议规定的 24 小时，晚了 2 小时 30 分钟"


@pytest.fixture
def settings(databases: Databases, tmp_path: Path) -> Settings:
    """One database is enough here: the log is the same on both."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def published(world: World) -> str:
    draw = await made.inspected(world)
    await publish_draw(world.office, world.approver, draw)
    return draw


async def late(world: World) -> str:
    """A draw made 26 hours and a half after its last public value."""
    draw = await made.with_values(world, publication="at-once")
    world.clock.forward(hours=25, minutes=30)
    await run_draw(world.office, world.approver, draw)
    await publish_draw(world.office, world.approver, draw)
    return draw


async def proofs_of(office: Office, draw: str) -> list[str]:
    rows = await LogEntry.select(LogEntry.index, LogEntry.type).where(LogEntry.subject == draw)
    return [await load_proof(office, row["index"]) for row in sorted(rows, key=lambda row: row["index"])]


async def keys_of(world: World) -> list[str]:
    return [key.text for key in await load_log_keys(world.office)]


async def arguments(world: World, draw: str, folder: Path) -> list[str]:
    """BUNDLE, every --proof and --key, as a visitor has them after downloading."""
    given = [str(world.office.settings.bundles / draw)]
    for n, text in enumerate(await proofs_of(world.office, draw)):
        (folder / f"proof-{n}.txt").write_text(text, "utf-8")
        given += ["--proof", str(folder / f"proof-{n}.txt")]
    (folder / "log-keys.txt").write_text("".join(f"{key}\n" for key in await keys_of(world)), "utf-8")
    return [*given, "--key", str(folder / "log-keys.txt")]


def bundle(world: World, draw: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (world.office.settings.bundles / draw).iterdir()}


async def test_the_proofs_that_are_served_fit_the_bundle_and_no_other_draw(world: World) -> None:
    draw = await published(world)
    proofs, keys = await proofs_of(world.office, draw), await keys_of(world)
    assert len(proofs) == 4
    assert check_log(bundle(world, draw), proofs, keys) == LogReport(faults=(), notes=())
    next_year = [{**source, "at": source["at"].replace("2026", "2027")} for source in made.PUBLIC]
    other = await made.announced(world, entropy=next_year, publication="at-once")
    proofs = [proof for one in (draw, other) for proof in await proofs_of(world.office, one)]
    report = check_log(bundle(world, draw), proofs, keys)
    [fault] = report.faults
    assert f"draw.announced of {other} is no step of the draw {draw}" in fault.message


async def test_the_command_checks_files_then_log(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    given = await arguments(world, await published(world), tmp_path)
    capsys.readouterr()
    assert run(["verify", *given]) == 0
    assert capsys.readouterr().out == "验算通过。\n"
    assert run(["verify", *given, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"verified": True, "faults": [], "notes": []}
    assert run(["verify", *given[:-2], "--key", (await keys_of(world))[0], "--format", "json"]) == 0


async def test_the_command_refuses_what_the_log_does_not_show(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = await arguments(world, await published(world), tmp_path)
    assert run(["verify", *given[:-1], "no-key"]) == 2
    proof = tmp_path / "proof-2.txt"
    proof.write_text(proof.read_text("utf-8").replace("\nextra ", "\nextra AAAA"), "utf-8")
    capsys.readouterr()
    assert run(["verify", *given, "--all", "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [fault["check"] for fault in answer["faults"]] == ["log"]
    assert [note["code"] for note in answer["notes"]] == ["log.no-proof"]
    proof.write_bytes(b"\xff\xfe")
    assert run(["verify", *given]) == 2
    proof.unlink()
    assert run(["verify", *given]) == 2


async def test_proofs_and_keys_go_together_and_false_files_come_first(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = await published(world)
    given = await arguments(world, draw, tmp_path)
    assert run(["verify", *given[:-2]]) == run(["verify", given[0], *given[-2:]]) == 2
    assert "verify.proof-and-key" in capsys.readouterr().err
    (world.office.settings.bundles / draw / "result.json").write_bytes(b"{}")
    assert run(["verify", *given, "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["faults"][0]["check"], answer["notes"]) == ("seed", [])


async def test_the_command_notes_that_a_draw_was_late(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    given = await arguments(world, await late(world), tmp_path)
    capsys.readouterr()
    assert run(["verify", *given]) == 0
    assert capsys.readouterr().out == f"验算通过。\nlog.drawn-late: {LATE}\n"


async def test_the_page_and_the_json_of_a_draw_say_that_it_was_late(world: World) -> None:
    draw = await late(world)
    async with visit(world.office) as client:
        assert f'<span class="tag warn">{LATE}</span>' in (await client.get(f"/draws/{draw}")).text
        assert (await client.get(f"/api/v1/draws/{draw}")).json()["late_seconds"] == 9000


async def test_a_draw_in_time_shows_no_lateness_and_how_to_check_the_log(world: World) -> None:
    draw = await published(world)
    async with visit(world.office) as client:
        page = (await client.get(f"/draws/{draw}")).text
        answer = (await client.get(f"/api/v1/draws/{draw}")).json()
    assert "抽取晚于" not in page
    assert answer["late_seconds"] is None
    indexes = [step["log_index"] for step in answer["steps"]]
    line = " ".join(f"--proof proof-{index}.txt" for index in indexes)
    assert f"agency-credit verify &#39;{draw}.zip&#39; {line} --key log-keys.txt" in page.replace(
        "'", "&#39;"
    )
    assert all(f'href="/log/proof/{index}" download="proof-{index}.txt"' in page for index in indexes)
