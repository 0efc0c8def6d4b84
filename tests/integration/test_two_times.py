"""Two times in the store: when a thing was true, and since when it is known; and who is rated anew for it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from agency_credit.database import lock_log, transaction
from agency_credit.database.tables import (
    Agency,
    ChangeDecision,
    CreditRecord,
    LogBody,
    LogEntry,
    Practitioner,
    Rating,
    RecordEvent,
)
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import ConflictError, FaultsError, InputError, NotFoundError, RefusedError
from agency_credit.domain.role import Actor
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.import_file import import_file
from agency_credit.services.office import Office
from agency_credit.services.outlook import load_outlooks
from agency_credit.services.rating import load_practitioner_ratings, load_ratings
from agency_credit.services.rating_bundle import load_rating_bundle
from agency_credit.services.rating_run import rate_all
from agency_credit.services.record_change import load_known_record
from agency_credit.services.register import load_agency, load_history
from agency_credit.services.rule_change import draft_values
from agency_credit.verification import verify_rating_files
from tests.conftest import Clock
from tests.integration.records import DECIDED, A, decide, newest_record, propose, record_of
from tests.world import World, build_world, uscc


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    """Six agencies, rated; noon in China on 24 November 2026."""
    return await build_world(office, clock, n_agencies=6, n_inspectors=2)


async def score(world: World, on: date, known: date | None = None, line: str = "patent") -> tuple[int, str]:
    """Score and tier of the agency A."""
    ratings = await load_ratings(world.office, on, A, known)
    return next((r.score, r.tier) for r in ratings if r.practice_line == line)


def faults_of(error: pytest.ExceptionInfo[FaultsError]) -> list[tuple[str, str]]:
    """Field and code of each fault."""
    return [(fault.at, fault.code) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("event", "what"), [("withdrawn", {"on": date(2026, 11, 24)}), ("assessed", {"millipoints": -10_000})]
)
async def test_what_holds_from_the_day_of_its_proposal_can_be_approved_on_the_next_day(
    world: World, event: str, what: dict[str, Any]
) -> None:
    record = await record_of(A, "代理非正常专利申请")
    assert world.office.today() == date(2026, 11, 24)
    number = await propose(world, record, event, **what)
    world.clock.forward(days=1)
    await decide_change(world.office, world.approver, number, "approved")
    assert (await load_known_record(record)).n_events == 1


async def test_a_correction_changes_the_past_only_as_known_from_its_own_day_on(world: World) -> None:
    record = await record_of(A, "警告")
    world.clock.now = datetime(2026, 11, 25, 4, tzinfo=UTC)
    await decide(world, record, "withdrawn", on=date(2026, 6, 1))
    world.clock.now = datetime(2026, 11, 26, 4, tzinfo=UTC)
    before, after = 88_000, 100_000
    for on, known, expected in (
        (date(2026, 3, 1), None, after),
        (DECIDED, None, before),
        (date(2026, 5, 31), date(2026, 11, 26), before),
        (date(2026, 6, 1), date(2026, 11, 24), before),
        (date(2026, 6, 1), date(2026, 11, 25), after),
        (date(2026, 11, 24), date(2026, 11, 24), before),
        (date(2026, 11, 24), date(2026, 11, 25), after),
        (date(2026, 11, 24), None, after),
    ):
        assert (await score(world, on, known))[0] == expected, (on, known)


async def test_a_record_counts_as_known_from_the_day_in_china_on_which_it_came(world: World) -> None:
    # 2026-02-28 16:30 UTC is the first of March in China
    await record_of(A, "警告", on=date(2026, 2, 1), known_at=datetime(2026, 2, 28, 16, 30, tzinfo=UTC))
    assert (await score(world, date(2026, 2, 20), date(2026, 2, 28)))[0] == 100_000
    assert (await score(world, date(2026, 2, 20), date(2026, 3, 1)))[0] == 88_000


@pytest.mark.parametrize(
    ("on", "known", "code"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), "rating.known-before"),
        (date(2026, 3, 2), date(2026, 11, 25), "rating.known-future"),
    ],
)
async def test_what_nobody_can_have_known_is_refused(world: World, on: date, known: date, code: str) -> None:
    with pytest.raises(InputError) as error:
        await load_ratings(world.office, on, A, known)
    assert error.value.code == code


async def test_knowledge_added_later_never_changes_an_answer_for_an_earlier_day(world: World) -> None:
    record = await record_of(A, "警告")
    other = await record_of(A, "代理非正常专利申请", document_number="2号")
    days = [date(2026, 3, 3), date(2026, 6, 15), date(2026, 11, 20)]
    answers: dict[tuple[date, date], tuple[int, str]] = {}
    changes: list[tuple[str, str, dict[str, Any]]] = [
        (record, "suspended", {"on": date(2026, 6, 1), "until": date(2026, 6, 30)}),
        (record, "resumed", {"on": date(2026, 6, 10)}),
        (other, "assessed", {"millipoints": -20_000}),
        (other, "entered", {"on": date(2026, 4, 1)}),
        (other, "corrected", {"on": date(2026, 5, 1), "texts": {"kind": "警告", "document": "3号"}}),
        (record, "withdrawn", {"on": DECIDED}),
    ]
    for step, (subject, event, what) in enumerate(changes):
        world.clock.now = datetime(2026, 11, 25, 4, tzinfo=UTC).replace(day=25 + step // 2, hour=4 + step % 2)
        known = world.office.today()
        await decide(world, subject, event, **what)
        for (on, then), answer in answers.items():
            if then < known:
                assert await score(world, on, then) == answer, (event, on, then)
        for on in days:
            answers[on, known] = await score(world, on, known)
    assert len({answers[date(2026, 6, 15), day][0] for _, day in answers}) > 1


async def test_a_suspension_ends_on_the_day_before_it_counts_again(world: World) -> None:
    record = await record_of(A, "警告")
    await decide(world, record, "suspended", on=date(2026, 6, 1))
    days = (date(2026, 5, 31), date(2026, 6, 1))
    assert [(await score(world, day))[0] for day in days] == [88_000, 100_000]
    await decide(world, record, "resumed", on=date(2026, 7, 1))
    days = (date(2026, 6, 30), date(2026, 7, 1))
    assert [(await score(world, day))[0] for day in days] == [100_000, 88_000]


async def test_points_within_the_range_are_set_by_two_people(world: World) -> None:
    record = await record_of(A, "代理非正常专利申请")
    with pytest.raises(FaultsError) as error:
        await propose(world, record, "assessed", millipoints=-4_999)
    assert faults_of(error) == [("points", "record.outside-range")]
    await decide(world, record, "assessed", millipoints=-5_000)
    assert (await score(world, world.office.today()))[0] == 95_000
    warning = await record_of(A, "警告", document_number="9号")
    with pytest.raises(FaultsError) as error:
        await propose(world, warning, "assessed", millipoints=-5_000)
    assert faults_of(error) == [("points", "record.no-range")]


@pytest.mark.parametrize(
    ("event", "what", "expected"),
    [
        ("withdrawn", {"on": date(2026, 3, 1)}, [("on", "record.before-decision")]),
        ("withdrawn", {"on": date(2026, 11, 25)}, [("on", "record.future")]),
        ("withdrawn", {}, [("on", "record.no-day")]),
        ("entered", {"on": date(2026, 3, 1)}, [("on", "record.before-decision")]),
        ("resumed", {"on": date(2026, 4, 1)}, [("on", "record.not-suspended")]),
        ("repaired", {"on": date(2026, 4, 1)}, [("event", "record.event")]),
        ("assessed", {}, [("points", "record.no-points")]),
        (
            "suspended",
            {"on": date(2026, 3, 1), "until": date(2026, 2, 1)},
            [("on", "record.before-decision"), ("until", "record.order")],
        ),
        (
            "corrected",
            {"on": DECIDED, "texts": {"kind": "无此类别", "evidence": "xyz"}},
            [("evidence", "record.evidence"), ("kind", "record.kind")],
        ),
    ],
)
async def test_what_cannot_be_is_refused_with_everything_that_is_wrong(
    world: World, event: str, what: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    record = await record_of(A, "警告")
    with pytest.raises(FaultsError) as error:
        await propose(world, record, event, **what)
    assert faults_of(error) == expected


async def test_suspensions_do_not_overlap_and_a_withdrawn_record_is_left_alone(world: World) -> None:
    record = await record_of(A, "警告")
    await decide(world, record, "suspended", on=date(2026, 6, 1), until=date(2026, 6, 30))
    with pytest.raises(FaultsError) as error:
        await propose(world, record, "suspended", on=date(2026, 6, 30))
    assert faults_of(error) == [("on", "record.overlap")]
    await decide(world, record, "suspended", on=date(2026, 7, 1), until=date(2026, 7, 2))
    await decide(world, record, "withdrawn", on=date(2026, 8, 1))
    with pytest.raises(FaultsError) as error:
        await propose(world, record, "suspended", on=date(2026, 9, 1))
    assert faults_of(error) == [("event", "record.withdrawn-already")]


async def test_an_unknown_record_is_named(world: World) -> None:
    with pytest.raises(NotFoundError, match="there is no record 0000"):
        await load_known_record("0" * 64)


async def test_of_two_corrections_the_second_conflicts(world: World) -> None:
    record = await record_of(A, "警告")
    one = await propose(world, record, "withdrawn", on=date(2026, 6, 1))
    other = await propose(world, record, "corrected", on=DECIDED, texts={"kind": "通报批评"})
    results = await asyncio.gather(
        decide_change(world.office, world.approver, one, "approved"),
        decide_change(world.office, world.approver, other, "approved"),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), ConflictError]
    assert (await RecordEvent.count(), await CreditRecord.count()) == (1, 1)


async def test_a_correction_replaces_the_record_and_keeps_what_befell_it(
    world: World, operator: Actor
) -> None:
    record = await record_of(A, "代理非正常专利申请", summary="旧")
    await decide(world, record, "assessed", millipoints=-20_000)
    texts = {
        "kind": "代理非正常专利申请",
        "document": "淄知罚〔2026〕3号",
        "authority": "淄博市市场监督管理局",
        "summary": "新",
        "evidence": "",
    }
    await decide(world, record, "corrected", on=DECIDED, texts=texts)
    rating, _ = await load_ratings(world.office, world.office.today(), A)
    assert sorted((line.state.value, line.millipoints) for line in rating.ledger.lines) == [
        ("counting", -20_000),
        ("withdrawn", 0),
    ]
    shown = (await load_agency(world.office, A)).records
    assert [view.summary for view in shown] == ["新"]


async def test_points_set_under_another_range_stop_no_rating_and_wait_to_be_set_again(world: World) -> None:
    record = await record_of(A, "代理非正常专利申请")
    await decide(world, record, "assessed", millipoints=-30_000)
    amendment = {"clause": "F-PA-01", "points_up_to": "-20", "within": "assessed", "source": "附件"}
    today = world.office.today()
    draft = draft_values(
        "fictional-patent-agency",
        1,
        [amendment],
        applies_from=today,
        is_correction=False,
        reason="按附件录入",
    )
    number = await propose_change(world.office, world.drafter, draft)
    await decide_change(world.office, world.approver, number, "approved")

    await rate_all(world.office, world.drafter)
    rating, _ = await load_ratings(world.office, today, A)
    assert [(line.state.value, line.millipoints) for line in rating.ledger.lines] == [("not-valued", 0)]
    before, _ = await load_ratings(world.office, today - timedelta(days=1), A)
    assert [line.millipoints for line in before.ledger.lines] == [-30_000]
    assert verify_rating_files(await load_rating_bundle(world.office, A, "patent")) == []
    (patent, _) = await load_outlooks(world.office, A, today)
    assert patent.past[-1].score == rating.score
    await decide(world, record, "assessed", millipoints=-20_000)
    await decide(world, record, "withdrawn", on=today)


async def test_an_import_meets_a_record_as_it_was_corrected(world: World, operator: Actor) -> None:
    header = "信用代码,信息类别,文书号,决定日期,决定机关,摘要"

    async def take_in(summary: str) -> tuple[int, int, list[str]]:
        content = f"{header}\n{A},警告,3号,2026-03-02,市局,{summary}\n".encode()
        report = await import_file(world.office, operator, "records", "a.csv", content)
        return report.new, report.same, [fault.code for fault in report.faults]

    assert await take_in("旧") == (1, 0, [])
    texts = {"kind": "警告", "document": "3号", "authority": "市局", "summary": "新"}
    await decide(world, await newest_record(), "corrected", on=DECIDED, texts=texts)
    assert await take_in("新") == (0, 1, [])
    assert await take_in("旧") == (0, 0, ["import.record-differs"])
    with pytest.raises(FaultsError) as error:
        await propose(world, await newest_record(), "corrected", on=DECIDED, texts=texts)
    assert faults_of(error) == [("event", "record.same")]


async def test_only_the_touched_get_a_rating_and_an_entry(world: World, operator: Actor) -> None:
    record = await record_of(A, "警告")
    await rate_all(world.office, world.drafter)
    n_ratings, n_entries = await Rating.count(), await LogEntry.count()
    world.clock.forward(days=1)
    await decide(world, record, "withdrawn", on=date(2026, 6, 1))
    new = await Rating.select().where(Rating.id > n_ratings)
    assert [row["practice_line"] for row in new] == ["patent", "trademark"]
    moved = [json.loads(row["moved_json"]) for row in new]
    clause = moved[0][0]["clause"]
    move = {"after": None, "before": "-12", "clause": clause, "record": record, "state": None}
    assert moved[0] == [move]
    assert [row["log_index"] for row in new] == [n_entries, n_entries + 1]
    text = f"信用代码,信息类别,文书号,决定日期\n{uscc(1)},警告,7号,2026-11-01\n"
    report = await import_file(world.office, operator, "records", "a.csv", text.encode())
    assert (report.new, report.rerated) == (1, 1)
    assert await Rating.count() == n_ratings + 3
    await rate_all(world.office, world.drafter)
    assert await Rating.count() == n_ratings + 3, "nothing is due"


async def test_the_log_entry_commits_to_the_files_of_the_rating(world: World) -> None:
    world.clock.forward(days=1)
    now = world.office.now()
    await record_of(A, "警告", summary="未发现号码", known_at=now)
    await record_of(A, "通报批评", document_number="5号", summary="联系人13800138000", known_at=now)
    await rate_all(world.office, world.drafter)
    files = await load_rating_bundle(world.office, A, "patent")
    assert verify_rating_files(files) == []
    row = await Rating.select().where(Rating.log_index.is_not_null()).order_by(Rating.id, ascending=False)
    mine = next(r for r in row if r["practice_line"] == "patent" and json.loads(r["lines_json"]))
    body = await LogBody.select(LogBody.body_json).where(LogBody.log_index == mine["log_index"]).first()
    assert body is not None
    assert json.loads(body["body_json"])["rating"] == digest(files["rating.json"])
    bodies = [json.loads(line)["body"] for line in files["bodies.jsonl"].splitlines()]
    assert [body["summary"] for body in bodies] == ["未发现号码"], "a masked text would break the commitment"
    first = await load_rating_bundle(world.office, A, "patent", 1)
    assert first["records.jsonl"] == b""
    for line, number in (("patent", 3), ("patent", 0), ("none", None)):
        with pytest.raises(NotFoundError):
            await load_rating_bundle(world.office, A, line, number)


async def test_a_clock_set_back_is_refused_everywhere(world: World, operator: Actor) -> None:
    record = await record_of(A, "警告")
    number = await propose(world, record, "withdrawn", on=date(2026, 6, 1))
    await record_of(A, "通报批评", document_number="5号", known_at=world.office.now())
    world.clock.forward(days=-1)
    for attempt in (
        propose(world, record, "withdrawn", on=date(2026, 6, 1)),
        decide_change(world.office, world.approver, number, "approved"),
        rate_all(world.office, world.drafter),
        import_file(
            world.office, operator, "records", "a.csv",
            f"信用代码,信息类别,文书号,决定日期\n{A},警告,7号,2026-11-01\n".encode(),
        ),
    ):  # fmt: skip
        with pytest.raises(RefusedError):
            await attempt
    assert (await RecordEvent.count(), await CreditRecord.count()) == (0, 2)


async def test_what_waits_for_its_turn_is_known_from_its_turn_on(world: World) -> None:
    number = await propose(world, await record_of(A, "警告"), "withdrawn", on=DECIDED)
    holding, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with transaction():
            await lock_log()
            holding.set()
            await done.wait()

    long_one = asyncio.create_task(hold())
    await holding.wait()
    waiting = asyncio.create_task(decide_change(world.office, world.approver, number, "approved"))
    await asyncio.sleep(0.2)
    world.clock.forward(hours=13)  # midnight passes
    done.set()
    await asyncio.gather(long_one, waiting)
    event = await RecordEvent.select().first()
    assert event is not None
    assert event["known_at"] == world.office.now()
    today = world.office.today()
    assert await score(world, DECIDED, today - timedelta(days=1)) == (88_000, "B")
    assert await score(world, DECIDED, today) == (100_000, "A")


async def test_what_fails_half_way_leaves_no_trace(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    record = await record_of(A, "警告")
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    number = await propose(world, record, "withdrawn", on=date(2026, 6, 1))
    counts = (await Rating.count(), await LogEntry.count())

    def fail(*_: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr("agency_credit.services.rating_store.refuse_false_rating", fail)
    with pytest.raises(RuntimeError, match="half way"):
        await decide_change(world.office, world.approver, number, "approved")
    assert (await Rating.count(), await LogEntry.count()) == counts
    assert (await RecordEvent.count(), await ChangeDecision.count()) == (0, 0)


async def test_a_practitioner_is_rated_apart_and_never_shown(world: World, operator: Actor) -> None:
    agency = await Agency.select(Agency.id).where(Agency.uscc == A).first()
    assert agency is not None
    await Practitioner.insert(
        Practitioner(
            certificate="3712345", name="王保密", agency=agency["id"], practice_line="patent", status="active"
        )
    )
    text = "信用代码,资格证号,信息类别,文书号,决定日期,摘要\n,3712345,警告,7号,2026-11-01,其摘要\n"
    report = await import_file(world.office, operator, "records", "a.csv", text.encode())
    assert (report.new, report.rerated) == (1, 0), "who was never rated waits for the rating of all"
    n_entries = await LogEntry.count()
    world.clock.forward(days=1)
    run = await rate_all(world.office, world.drafter)
    assert (run.n_changed, run.n_practitioners) == (1, 1)
    assert await LogEntry.count() == n_entries, "a practitioner's rating is no entry"
    (rating,), notes = await load_practitioner_ratings(world.office, world.office.today(), "3712345")
    assert (rating.score, notes) == (90_000, ())
    view = await load_agency(world.office, A)
    assert (view.records, {r.score for r in view.ratings}) == ([], {"100"})
    assert {row.score for row in await load_history(world.office, A)} == {"100"}
    again = "信用代码,资格证号,信息类别,文书号,决定日期,摘要\n,3712345,通报批评,8号,2026-11-02,\n"
    report = await import_file(world.office, operator, "records", "b.csv", again.encode())
    assert report.rerated == 1


async def test_the_outcome_is_the_same_for_all_as_for_one(world: World) -> None:
    await record_of(A, "警告")
    world.clock.forward(days=1)
    run = await rate_all(world.office, world.drafter)
    ratings = await load_ratings(world.office, world.office.today())
    assert run.n_rated == len(ratings)
    stored = {
        (row["uscc"], row["practice_line"]): (row["score"], row["tier"])
        for row in await Rating.select(
            Rating.practice_line, Rating.score, Rating.tier, Rating.agency.uscc.as_alias("uscc")
        ).order_by(Rating.id)
    }
    assert stored == {(r.subject, r.practice_line): (r.score, r.tier) for r in ratings}


async def test_a_missing_instrument_does_not_stop_an_import(
    world: World, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_pack(*_: object) -> None:
        raise InputError("rules.none", "no instrument is in force on {on}", on="2026-11-24")

    monkeypatch.setattr("agency_credit.services.rule_book.RuleBook.pack_on", no_pack)
    text = f"信用代码,信息类别,文书号,决定日期\n{A},警告,7号,2026-11-01\n"
    report = await import_file(world.office, operator, "records", "a.csv", text.encode())
    assert (report.new, report.rerated, report.is_committed) == (1, 0, True)
    assert [(fault.at, fault.severity) for fault in report.faults] == [
        ("patent-agency", "warning"),
        ("trademark-agency", "warning"),
    ]
    with pytest.raises(InputError, match="no instrument is in force"):
        await rate_all(world.office, world.drafter)
