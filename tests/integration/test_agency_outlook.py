"""The outlook of an agency from the store, and on the command line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
from datetime import date
from pathlib import Path

import pytest

from agency_credit.cli import run
from agency_credit.domain.errors import NotFoundError
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.outlook import load_outlook
from agency_credit.settings import Settings
from agency_credit.web.score_charts import timeline_chart
from tests import builders
from tests.conftest import PACKS

ZHONGKE = "91370303MA3CXXXX01"
ON = date(2026, 11, 24)


async def add_zhongke() -> None:
    """An agency of both practice lines with two records."""
    agency = await builders.add_agency(
        ZHONGKE, "淄博中科专利事务所", lines={"patent": "37201", "trademark": "SB001"}
    )
    await builders.add_record(agency, "警告", on=date(2026, 3, 2))
    await builders.add_record(agency, "通报批评", on=date(2026, 8, 3))


@pytest.fixture
async def zhongke(office: Office) -> None:
    await add_zhongke()


@pytest.mark.usefixtures("zhongke")
async def test_the_outlook_holds_past_expiries_and_repairs(office: Office) -> None:
    outlook = await load_outlook(office, ZHONGKE, "patent", ON)
    assert (outlook.rating.score, outlook.rating.tier) == (80_500, "B")
    assert [(m.on.isoformat(), m.score) for m in outlook.past] == [
        ("2026-03-01", 100_000),
        ("2026-03-02", 88_000),
        ("2026-08-03", 80_500),
    ]
    assert [(m.on.isoformat(), m.score, m.tier) for m in outlook.expiries] == [
        ("2027-09-03", 92_500, "A"),
        ("2028-02-04", 100_000, "A"),
    ]
    (plan, best) = outlook.plans
    assert (plan.tier, [r.record_kind for r in plan.repairs or ()], plan.score) == ("A", ["警告"], 92_500)
    assert (best.tier, best.repairs) == ("A+", None)
    chart = timeline_chart([*outlook.past, *outlook.expiries], outlook.packs, "zh", ON)
    assert len(chart.dots) == 5
    assert chart.today is not None
    assert chart.moments[1].sentences == ("2026-03-02 警告：按 F-PA-04“受到警告”开始计入，计 -12 分。",)


async def test_an_agency_without_records_has_a_past_of_one_day(office: Office) -> None:
    await builders.add_agency(ZHONGKE, "淄博中科专利事务所", lines={"patent": "37201"})
    outlook = await load_outlook(office, ZHONGKE, "patent", ON)
    assert [(m.on, m.score) for m in outlook.past] == [(date(2026, 11, 23), 100_000)]
    assert outlook.expiries == ()


@pytest.mark.usefixtures("zhongke")
@pytest.mark.parametrize(
    ("uscc", "line", "code"),
    [("9" * 18, "patent", "agency.unknown"), (ZHONGKE, "copyright", "agency.not-in-line")],
)
async def test_whoever_is_not_there_is_named(office: Office, uscc: str, line: str, code: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        await load_outlook(office, uscc, line, ON)
    assert refused.value.code == code


# --- command line -------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An office on the embedded database with that agency, in English."""
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("AGENCY_CREDIT_DATABASE", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")

    async def fill() -> None:
        office = await open_office(Settings.from_environment(os.environ))
        await add_zhongke()
        await close_office(office)

    asyncio.run(fill())


def score(*options: str) -> int:
    return run(["score", "--on", "2026-11-24", "--rules", str(PACKS), "--outlook", *options])


@pytest.mark.usefixtures("data")
def test_the_command_says_what_would_change_each_tier(capsys: pytest.CaptureFixture[str]) -> None:
    assert score("--subject", ZHONGKE) == 0
    told = capsys.readouterr()
    assert "made up" in told.err
    lines = told.out.splitlines()
    assert lines[0] == f"{ZHONGKE} 淄博中科专利事务所 (patent)"
    assert lines[1:4] == [
        "  What time alone changes:",
        "    From 2027-09-03 on: 92.5 points, tier A.",
        "    2026-03-02 警告: its period is over; its -12 points no longer count.",
    ]
    assert "    To tier A by 1 repair(s), not fewer: 92.5 points, tier A." in lines
    assert f"{ZHONGKE} 淄博中科专利事务所 (trademark)" in lines


@pytest.mark.usefixtures("data")
def test_programs_get_the_same_as_json_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    assert score("--subject", ZHONGKE, "--format", "json") == 0
    patent, trademark = json.loads(capsys.readouterr().out)
    assert (patent["score"], patent["expiries"][0]["score"]) == ("80.5", "92.5")
    assert patent["expiries"][0]["moves"][0]["state_after"] == "expired"
    assert patent["repairs"][0]["records"][0]["clause"] == "F-PA-04"
    assert patent["repairs"][1]["records"] is None
    assert trademark["subject"] == ZHONGKE
    assert score("--subject", ZHONGKE, "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["about"] for row in rows} == {"time", "repairs"}


@pytest.mark.usefixtures("data")
def test_an_outlook_is_of_one_agency(capsys: pytest.CaptureFixture[str]) -> None:
    assert score() == 2
    assert "--outlook needs --subject" in capsys.readouterr().err
    assert score("--subject", "9" * 18) == 2
    assert "agency.unknown" in capsys.readouterr().err
