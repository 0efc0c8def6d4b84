"""What rests on a record that is repaired or withdrawn: shown until the day on which it is gone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from agency_credit.database.tables import RecordEvent
from agency_credit.domain.errors import NotFoundError
from agency_credit.services.office import Office
from agency_credit.services.rating import load_ratings
from agency_credit.services.rating_bundle import load_rating_bundle
from agency_credit.services.rating_run import rate_all
from agency_credit.services.record_change import load_known_record
from agency_credit.services.register import load_agency, load_history
from agency_credit.verification import verify_rating_files
from tests.conftest import Clock
from tests.integration.records import DECIDED, A, decide, newest_record, record_of
from tests.world import World, build_world


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    """Two agencies, rated; noon in China on 24 November 2026."""
    return await build_world(office, clock, n_agencies=2, n_inspectors=2)


@pytest.mark.parametrize("event", ["repaired", "withdrawn"])
async def test_what_rests_on_a_record_is_shown_until_the_day_on_which_it_is_gone(
    world: World, event: str
) -> None:
    record = await record_of(A, "警告")
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    known = await load_known_record(record)
    tomorrow, now = world.office.today() + timedelta(days=1), world.office.now()
    await RecordEvent.insert(RecordEvent(record=known.row["id"], event=event, on=tomorrow, known_at=now))
    await rate_all(world.office, world.drafter)
    view = await load_agency(world.office, A)
    assert (len(view.records), [len(rating.lines) for rating in view.ratings]) == (1, [1, 1])
    files = await load_rating_bundle(world.office, A, "patent", 2)
    assert (json.loads(files["rating.json"])["score"], verify_rating_files(files)) == (88_000, [])
    world.clock.forward(days=1)
    history = await load_history(world.office, A)
    assert [(row.score, row.number) for row in history if row.practice_line == "patent"] == [("100", 1)]
    view = await load_agency(world.office, A)
    assert (view.records, [rating.lines for rating in view.ratings]) == ([], [[], []])
    with pytest.raises(NotFoundError, match="repaired or withdrawn"):
        await load_rating_bundle(world.office, A, "patent", 2)
    await rate_all(world.office, world.drafter)
    files = await load_rating_bundle(world.office, A, "patent")
    assert (files["ledger.jsonl"], json.loads(files["rating.json"])["score"]) == (b"", 100_000)
    assert (files["records.jsonl"], verify_rating_files(files)) == (b"", [])


async def test_a_record_that_was_wrong_leaves_everything_public_and_stays_known_inside(world: World) -> None:
    wrong = await record_of(A, "警告")
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    world.clock.forward(days=1)
    texts = {"kind": "通报批评", "document": "3号", "authority": "市局", "summary": "新", "evidence": ""}
    await decide(world, wrong, "corrected", on=DECIDED, texts=texts)
    right = await newest_record()
    files = await load_rating_bundle(world.office, A, "patent")
    assert verify_rating_files(files) == []
    for name in ("records.jsonl", "ledger.jsonl", "bodies.jsonl"):
        assert [json.loads(line)["record"] for line in files[name].splitlines()] == [right], name
    view = await load_agency(world.office, A)
    assert [[line.record_kind for line in rating.lines] for rating in view.ratings] == [["通报批评"]] * 2
    history = [row for row in await load_history(world.office, A) if row.practice_line == "patent"]
    assert [row.number for row in history] == [3, 1]
    assert [(move.before, move.state) for move in history[0].moved] == [(None, "counting")]
    inside, _ = await load_ratings(world.office, world.office.today(), A)
    assert sorted(line.state.value for line in inside.ledger.lines) == ["counting", "withdrawn"]
