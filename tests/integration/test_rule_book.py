"""The rule book is read from the store, where shipped files begin the histories."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from agency_credit.database.tables import LogEntry, RuleVersion
from agency_credit.domain.errors import FaultsError
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring.history import RuleStep, StepKind
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.rule_book import RuleBook, load_rule_book, load_shelf
from agency_credit.services.rule_packs import load_folder, load_rule_files
from agency_credit.services.rule_store import append_step
from agency_credit.settings import Settings
from tests.conftest import PACKS, Clock

PATENT = RatingSubject.PATENT_AGENCY
TODAY = date(2026, 11, 24)
NAME = "fictional-patent-agency"


async def test_shipped_files_begin_the_histories(office: Office) -> None:
    expected = {file.id: file for file in load_rule_files(PACKS)}
    steps = (await load_shelf(office)).steps
    assert {stored.step.instrument for stored in steps} == set(expected)
    for stored in steps:
        assert (stored.step.number, stored.origin, stored.log_index) == (1, "shipped", None)
        assert stored.step.applies_from == expected[stored.step.instrument].effective_from
        assert stored.step.known_on == TODAY
    book = await load_rule_book(office)
    assert {file.id: file.digest for file in book.files_on(TODAY)} == {
        i: f.digest for i, f in expected.items()
    }
    assert await LogEntry.count() == 0


async def test_what_was_there_at_the_first_start_counts_as_always_known(office: Office) -> None:
    book = await load_rule_book(office)
    assert book.pack_on(PATENT, date(2024, 1, 1), known=date(2024, 1, 1)) == book.pack_on(
        PATENT, date(2024, 1, 1)
    )


async def test_a_second_start_adds_nothing(office: Office, settings: Settings, clock: Clock) -> None:
    n_versions = await RuleVersion.count()
    again = await open_office(settings, clock=clock, packs_folder=PACKS)
    assert await RuleVersion.count() == n_versions
    await close_office(again)


async def test_an_upgrade_with_a_changed_file_continues_the_history_and_is_logged(
    office: Office, settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    before = (await load_rule_book(office)).pack_on(PATENT, TODAY)
    folder = Path(shutil.copytree(PACKS, tmp_path / "packs"))
    path = folder / "patent-agency-fictional.toml"
    path.write_text(path.read_text("utf-8").replace("points = 100", "points = 99", 1), "utf-8")
    clock.forward(days=2)
    upgraded = await open_office(settings, clock=clock, packs_folder=folder)
    book = await load_rule_book(upgraded)
    assert book.pack_on(PATENT, TODAY).base_millipoints == 99_000
    assert book.pack_on(PATENT, TODAY, known=TODAY) == before, "what was known then is known for ever"
    entry = await LogEntry.select().where(LogEntry.type == "rules.in_force").first()
    assert entry is not None
    assert entry["subject"] == NAME
    assert book.pack_on(PATENT, TODAY).digest in bytes(entry["entry"]).decode()
    await close_office(upgraded)


async def test_a_start_with_a_clock_set_back_rewrites_nothing_that_was_known(
    office: Office, settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(PACKS, tmp_path / "packs"))
    path = folder / "patent-agency-fictional.toml"
    path.write_text(path.read_text("utf-8").replace("points = 100", "points = 99", 1), "utf-8")
    clock.forward(days=-30)
    upgraded = await open_office(settings, clock=clock, packs_folder=folder)
    steps = [s for s in (await load_shelf(upgraded)).steps if s.step.instrument == NAME]
    assert [stored.step.known_on for stored in steps] == [TODAY, TODAY]
    await close_office(upgraded)


async def test_a_step_of_another_process_is_seen_at_once(office: Office) -> None:
    book = await load_rule_book(office)
    assert await load_rule_book(office) is book
    content = book.histories[NAME][0].content.replace('"points":100', '"points":98')
    step = RuleStep(
        instrument=NAME, number=2, kind=StepKind.FILE, content=content, applies_from=TODAY, known_on=TODAY
    )
    await append_step(step, "office", office.now())
    assert (await load_rule_book(office)).pack_on(PATENT, TODAY).base_millipoints == 98_000


async def test_an_overlay_holds_for_one_look_and_is_not_stored(settings: Settings, clock: Clock) -> None:
    office = await open_office(settings, clock=clock, overlay_folder=PACKS)
    assert (await load_rule_book(office)).pack_on(PATENT, TODAY).id == NAME
    await close_office(office)
    office = await open_office(settings, clock=clock)
    assert not any(file.is_fictional for file in (await load_rule_book(office)).files_on(TODAY))
    await close_office(office)


async def test_the_versions_of_a_pack_follow_each_other_as_they_read(office: Office) -> None:
    book = await load_rule_book(office)
    (only,) = book.versions(PATENT)
    assert (only.id, only.effective_from, only.repealed_on) == (NAME, date(2023, 5, 1), None)
    changed = book.histories[NAME][0].content.replace('"points":100', '"points":98')
    for number, content, day in ((2, changed, date(2027, 1, 1)), (3, changed, date(2027, 3, 1))):
        step = RuleStep(
            instrument=NAME,
            number=number,
            kind=StepKind.FILE,
            content=content,
            applies_from=day,
            known_on=TODAY,
        )
        book = book.with_step(step)
    versions = book.versions(PATENT)
    assert [(pack.effective_from, pack.repealed_on, pack.base_millipoints) for pack in versions] == [
        (date(2023, 5, 1), date(2027, 1, 1), 100_000),
        (date(2027, 1, 1), None, 98_000),  # the third step reads like the second
    ]
    assert len(book.versions(RatingSubject.TRADEMARK_PRACTITIONER)) > 0


def test_two_packs_that_hold_on_one_day_are_refused_on_that_day_alone() -> None:
    pack = next(file for file in load_folder(PACKS) if file.id == NAME)
    text = pack.content.decode()
    first, day = text.replace('"id":"', '"id":"other-', 1), date(2030, 1, 1)
    later = first.replace(pack.effective_from.isoformat(), day.isoformat())
    histories = {
        name: [
            RuleStep(
                instrument=name,
                number=1,
                kind=StepKind.FILE,
                content=content,
                applies_from=begins,
                known_on=TODAY,
            )
        ]
        for name, content, begins in ((NAME, text, pack.effective_from), ("other", later, day))
    }
    book = RuleBook(histories=histories)
    assert book.pack_on(PATENT, TODAY).id == NAME
    with pytest.raises(FaultsError, match="both in force"):
        book.pack_on(PATENT, day)
