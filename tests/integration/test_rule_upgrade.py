"""A later release ships other rule files: what two people decided goes on to hold until two decide again."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from agency_credit.database.tables import LogEntry, RuleVersion
from agency_credit.domain.errors import FaultsError, InputError, NotFoundError
from agency_credit.domain.role import Actor, Role
from agency_credit.domain.tier import RatingSubject
from agency_credit.publication.entry import parse_entry
from agency_credit.services.change_request import ChangeDraft
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.people import load_actor
from agency_credit.services.rule_book import load_rule_book
from agency_credit.services.rule_change import draft_file, draft_instrument, draft_values
from agency_credit.services.rule_offers import RuleOffer, load_rule_offer, load_rule_offers
from agency_credit.settings import Settings
from tests.builders import add_person
from tests.conftest import PACKS, Clock

NAME, OTHER, PROFILE = "fictional-patent-agency", "other-pack", "fictional-zibo"
FILE = "patent-agency-fictional.toml"
TODAY = date(2026, 11, 24)
PATENT = RatingSubject.PATENT_AGENCY
BEGINS = "effective_from = 2023-05-01"


class Release:
    """What a later version of the software ships, and the start of it."""

    def __init__(self, folder: Path, settings: Settings, clock: Clock) -> None:
        self.folder, self.settings, self.clock = folder, settings, clock

    def edit(self, file: str, *replaced: tuple[str, str], name: str | None = None) -> None:
        """Ship `file` with texts replaced; `name`: as a file of its own beside it."""
        text = (PACKS / file).read_text("utf-8")
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        (self.folder / (name or file)).write_text(text, "utf-8")

    @asynccontextmanager
    async def start(self) -> AsyncIterator[Office]:
        """The office as this release opens it."""
        office = await open_office(self.settings, clock=self.clock, packs_folder=self.folder)
        yield office
        await close_office(office)


@pytest.fixture
def release(settings: Settings, clock: Clock, tmp_path: Path) -> Release:
    return Release(Path(shutil.copytree(PACKS, tmp_path / "packs")), settings, clock)


@pytest.fixture
async def two(office: Office) -> tuple[Actor, Actor]:
    """Two people, each of whom may propose and decide."""
    people = []
    for name in ("wang", "li"):
        await add_person(name, Role.DRAFTER, Role.APPROVER)
        actor = await load_actor(name)
        assert actor is not None
        people.append(actor)
    return people[0], people[1]


async def decide(office: Office, two: tuple[Actor, Actor], draft: ChangeDraft) -> None:
    """Let one propose and the other approve."""
    await decide_change(office, two[1], await propose_change(office, two[0], draft), "approved")


async def enter_value(office: Office, two: tuple[Actor, Actor]) -> None:
    """Let the two enter −7.5 points for F-PA-04 from today on."""
    amendment = {"clause": "F-PA-04", "points": "-7.5", "source": "附件第四行"}
    draft = draft_values(NAME, 1, [amendment], applies_from=TODAY, is_correction=False, reason="录入")
    await decide(office, two, draft)


async def reading(office: Office, on: date = TODAY) -> tuple[int, int | None]:
    """Base and points of F-PA-04."""
    pack = (await load_rule_book(office)).pack_on(PATENT, on)
    return pack.base_millipoints, pack.clause("F-PA-04").millipoints


def reasons(offer: RuleOffer) -> list[str]:
    """Codes of what stands in its way."""
    error = offer.obstacle
    if error is None:
        return []
    return [fault.code for fault in error.faults] if isinstance(error, FaultsError) else [error.code]


async def n_steps(instrument: str) -> int:
    return int(await RuleVersion.count().where(RuleVersion.instrument == instrument))


async def test_what_the_office_entered_goes_on_to_hold(
    office: Office, two: tuple[Actor, Actor], release: Release
) -> None:
    await enter_value(office, two)
    release.edit(FILE, ("points = 100", "points = 99"))
    release.clock.forward(days=2)
    async with release.start() as upgraded:
        assert await reading(upgraded) == (100_000, -7500)
        assert await n_steps(NAME) == 2
        assert await LogEntry.count() == 1, "that of the value"
        (offer,) = await load_rule_offers(upgraded)
        assert (offer.file.id, offer.is_decided_here, offer.obstacle, offer.proposal) == (
            NAME,
            True,
            None,
            None,
        )
        changed = {(item.name, item.field): (item.old, item.new) for item in offer.differences}
        assert changed["", "base.points"] == ("100", "99")
        assert changed["F-PA-04", "points"] == ("-7.5", "-12"), "what the office would lose shows"


async def test_two_people_take_the_new_text_over_from_a_day_on(
    office: Office, two: tuple[Actor, Actor], release: Release
) -> None:
    await enter_value(office, two)
    release.edit(FILE, ("points = 100", "points = 99"))
    release.clock.forward(days=2)
    day = date(2026, 12, 1)
    async with release.start() as upgraded:
        offer = await load_rule_offer(upgraded, NAME)
        draft = await draft_instrument(offer.file, applies_from=day, is_correction=False, reason="采用")
        number = await propose_change(upgraded, two[0], draft)
        assert (await load_rule_offer(upgraded, NAME)).proposal == number
        await decide_change(upgraded, two[1], number, "approved")
        assert [await reading(upgraded, on) for on in (TODAY, date(2026, 11, 30), day)] == [
            (100_000, -7500),
            (100_000, -7500),
            (99_000, -12_000),
        ]
        with pytest.raises(NotFoundError):
            await load_rule_offer(upgraded, NAME)
    async with release.start() as again:
        assert await load_rule_offers(again) == []
        assert await n_steps(NAME) == 3
    release.edit(FILE, ("points = 100", "points = 98"))
    async with release.start() as later:
        assert await n_steps(NAME) == 3, "once two people decided, only two people decide"
        assert (await load_rule_offer(later, NAME)).file.content.decode().count('"points":98') == 1


async def test_a_file_that_the_office_imported_is_not_replaced_either(
    office: Office, two: tuple[Actor, Actor], release: Release
) -> None:
    content = (PACKS / FILE).read_text("utf-8").replace("points = 100", "points = 97").encode()
    draft = await draft_file(content, "own.toml", applies_from=TODAY, is_correction=False, reason="新文本")
    await decide(office, two, draft)
    async with release.start() as same:
        assert await load_rule_offers(same) == [], "the shipped text is the first version"
    release.edit(FILE, ("points = 100", "points = 97"))
    async with release.start() as upgraded:
        assert await load_rule_offers(upgraded) == [], "the office has this text already"
    release.edit(FILE, ("points = 100", "points = 99"))
    async with release.start() as upgraded:
        assert await reading(upgraded) == (97_000, -12_000)
        assert [offer.file.id for offer in await load_rule_offers(upgraded)] == [NAME]


def replace_by_a_successor(release: Release) -> None:
    """Let the release end the pack in 2030 and ship another from then on."""
    release.edit(FILE, (BEGINS, f"{BEGINS}\nrepealed_on = 2030-01-01"))
    release.edit(FILE, (NAME, OTHER), (BEGINS, "effective_from = 2030-01-01"), name="a-successor.toml")


async def test_a_successor_comes_with_the_end_of_its_predecessor(office: Office, release: Release) -> None:
    replace_by_a_successor(release)
    async with release.start() as upgraded:
        book = await load_rule_book(upgraded)
        assert [book.pack_on(PATENT, day).id for day in (TODAY, date(2030, 1, 1))] == [NAME, OTHER]
        assert await load_rule_offers(upgraded) == []
        bodies = [parse_entry(bytes(row["entry"])).body for row in await LogEntry.select()]
        assert [(body["applies_from"], body["correction"]) for body in bodies] == [
            ("2030-01-01", False),
            ("2023-05-01", True),
        ]


async def test_a_successor_waits_while_the_office_keeps_the_predecessor(
    office: Office, two: tuple[Actor, Actor], release: Release
) -> None:
    await enter_value(office, two)
    replace_by_a_successor(release)
    async with release.start() as upgraded:
        book = await load_rule_book(upgraded)
        assert [book.pack_on(PATENT, day).id for day in (TODAY, date(2030, 1, 1))] == [NAME, NAME]
        offers = {offer.file.id: offer for offer in await load_rule_offers(upgraded)}
        assert {name: (offer.is_decided_here, reasons(offer)) for name, offer in offers.items()} == {
            NAME: (True, []),
            OTHER: (False, ["rules.overlap"]),
        }
        assert offers[OTHER].held is None
        draft = await draft_instrument(
            offers[OTHER].file, applies_from=None, is_correction=False, reason="采用"
        )
        with pytest.raises(FaultsError, match="both in force"):
            await propose_change(upgraded, two[0], draft)
        draft = await draft_instrument(
            offers[NAME].file, applies_from=TODAY, is_correction=False, reason="采用"
        )
        await decide(upgraded, two, draft)
        (offer,) = await load_rule_offers(upgraded)
        assert (offer.file.id, reasons(offer)) == (OTHER, [])
    async with release.start() as again:
        book = await load_rule_book(again)
        assert [book.pack_on(PATENT, day).id for day in (TODAY, date(2030, 1, 1))] == [NAME, OTHER]
        assert await load_rule_offers(again) == []


async def test_a_file_that_refers_to_what_the_office_does_not_have_waits_and_others_do_not(
    office: Office, two: tuple[Actor, Actor], release: Release
) -> None:
    await enter_value(office, two)
    profile = next(
        path.name for path in PACKS.glob("*.toml") if f'id = "{PROFILE}"' in path.read_text("utf-8")
    )
    release.edit(FILE, ('name = "D"', 'name = "Z"'))
    release.edit(profile, ('practice_line = "patent"\ntier = "D"', 'practice_line = "patent"\ntier = "Z"'))
    release.edit("trademark-agency-fictional.toml", ("points = 100", "points = 99"))
    async with release.start() as upgraded:
        offers = {offer.file.id: reasons(offer) for offer in await load_rule_offers(upgraded)}
        assert offers == {NAME: [], PROFILE: ["rules.tier-unknown"]}
        book = await load_rule_book(upgraded)
        assert book.pack_on(RatingSubject.TRADEMARK_AGENCY, TODAY).base_millipoints == 99_000
        assert await n_steps(PROFILE) == 1


async def test_files_that_need_each_other_are_taken_over_together(office: Office, release: Release) -> None:
    profile = next(
        path.name for path in PACKS.glob("*.toml") if f'id = "{PROFILE}"' in path.read_text("utf-8")
    )
    release.edit(FILE, ('name = "D"', 'name = "Z"'))
    release.edit(profile, ('practice_line = "patent"\ntier = "D"', 'practice_line = "patent"\ntier = "Z"'))
    async with release.start() as upgraded:
        assert await load_rule_offers(upgraded) == []
        assert (await n_steps(NAME), await n_steps(PROFILE)) == (2, 2)


async def test_an_id_that_ships_for_another_instrument_is_not_taken_over(
    office: Office, release: Release
) -> None:
    release.edit(
        "trademark-agency-fictional.toml",
        ('id = "fictional-trademark-agency"', f'id = "{NAME}"'),
        (BEGINS, "effective_from = 2010-01-01\nrepealed_on = 2011-01-01"),  # it shares no day with any
    )
    (release.folder / FILE).unlink()
    async with release.start() as upgraded:
        (offer,) = await load_rule_offers(upgraded)
        assert isinstance(offer.obstacle, InputError)
        assert (offer.is_decided_here, reasons(offer)) == (False, ["rules.other-line"])
        assert await n_steps(NAME) == 1
