"""Who stood in which tier, where and when: counted from ratings as they were made."""

from __future__ import annotations

import asyncio
import csv
import io
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import Agency, CreditRecord, Practitioner, Rating, RecordEvent
from agency_credit.domain.errors import FaultsError
from agency_credit.domain.role import Role
from agency_credit.services.office import Office
from agency_credit.services.people import create_person
from agency_credit.services.statistics import Distribution, load_distribution, load_statistics
from tests import builders
from tests.conftest import Clock
from tests.integration.console import desk_of
from tests.visitor import visit
from tests.world import ADMIN, PASSWORD

ENDS = [
    *(date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)),
    *(date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31)),
    *(date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 24)),
]
NUMBERS = (f"91370303MA{n:08d}" for n in range(10**6))


async def add(*ratings: tuple[date, str], line: str = "patent", area: str = "370303", **columns: Any) -> int:
    """An agency with its ratings, in the order in which they were made."""
    agency = await builders.add_agency(next(NUMBERS), "某事务所", lines={line: "1"}, area=area, **columns)
    for on, tier in ratings:
        await builders.add_rating(agency, tier, 90_000, line=line, on=on)
    return agency


def counts(shown: Distribution, line: str = "patent") -> dict[date, dict[str, int]]:
    """Tiers that somebody stood in, by day."""
    by_tier = shown.by_tier(line)
    return {
        day: {tier: column[index] for tier, column in by_tier.items() if column[index]}
        for index, day in enumerate(shown.days)
    }


async def test_nothing_rated_is_an_empty_distribution_of_today(office: Office) -> None:
    await add()
    shown = await load_distribution(office)
    assert (shown.days, shown.courses, shown.practice_lines) == ([date(2026, 11, 24)], [], [])


async def test_a_rating_stands_until_the_next_one(office: Office) -> None:
    await add((date(2026, 8, 31), "B"), (date(2026, 10, 1), "A"))
    await add((date(2026, 9, 1), "B"), (date(2026, 11, 24), "D"))
    found = counts(await load_distribution(office))
    assert found == {
        date(2026, 8, 31): {"B": 1},  # the day of the rating counts, the day before it does not
        date(2026, 9, 30): {"B": 2},
        date(2026, 10, 31): {"A": 1, "B": 1},
        date(2026, 11, 24): {"A": 1, "D": 1},
    }


async def test_of_two_ratings_of_a_day_the_later_one_counts(office: Office) -> None:
    await add((date(2026, 10, 31), "C"), (date(2026, 10, 31), "A"))
    assert counts(await load_distribution(office)) == {
        date(2026, 10, 31): {"A": 1},
        date(2026, 11, 24): {"A": 1},
    }


async def test_a_rating_of_today_is_in_and_one_of_tomorrow_is_not(office: Office, clock: Clock) -> None:
    await add((date(2026, 11, 24), "A"), (date(2026, 11, 25), "D"))
    assert counts(await load_distribution(office)) == {date(2026, 11, 24): {"A": 1}}
    clock.forward(days=1)
    assert counts(await load_distribution(office)) == {date(2026, 11, 25): {"D": 1}}


async def test_on_the_last_day_of_a_month_the_day_stands_once(office: Office, clock: Clock) -> None:
    await add((date(2023, 1, 1), "A"))
    clock.now = datetime(2028, 2, 29, 4, tzinfo=UTC)
    days = (await load_distribution(office)).days
    assert days[0] == date(2027, 2, 28)
    assert days[-2:] == [date(2028, 1, 31), date(2028, 2, 29)]
    assert len(days) == 13


async def test_what_is_older_than_a_year_still_stands(office: Office) -> None:
    await add((date(2023, 5, 1), "A+"))
    found = counts(await load_distribution(office))
    assert list(found) == ENDS
    assert all(tiers == {"A+": 1} for tiers in found.values())


async def test_only_agencies_in_force_are_counted(office: Office) -> None:
    gone = await add((date(2026, 10, 31), "C"))
    await add((date(2026, 10, 31), "A"))
    await Agency.update({Agency.status: "cancelled"}).where(Agency.id == gone)
    assert counts(await load_distribution(office))[date(2026, 10, 31)] == {"A": 1}


async def test_practice_lines_and_districts_are_counted_apart(office: Office) -> None:
    both = await add((date(2026, 10, 31), "A"), area="370302")
    await builders.add_rating(both, "D", 10_000, line="trademark", on=date(2026, 10, 31))
    await add((date(2026, 10, 31), "A"), area="370321")
    await add((date(2026, 10, 31), "B"), area="")
    shown = await load_distribution(office)
    assert shown.practice_lines == ["patent", "trademark"]
    today = {
        area: {t: n for t, n in tiers.items() if n} for area, tiers in shown.by_district("patent").items()
    }
    assert today == {"": {"B": 1}, "370302": {"A": 1}, "370321": {"A": 1}}
    assert [course.area_name for course in shown.courses if course.area == "370302"] == ["淄川区", "淄川区"]
    some = await load_distribution(office, area="37032")
    assert counts(some)[date(2026, 11, 24)] == {"A": 1}
    assert some.practice_lines == ["patent"]


@pytest.mark.parametrize("area", ["张店", "37030x", "３７", "-1", "1" * 13, "%"])
async def test_an_area_that_is_none_is_refused(office: Office, area: str) -> None:
    with pytest.raises(FaultsError):
        await load_distribution(office, area=area)


async def add_practitioner(agency: int, *ratings: tuple[date, str], status: str = "active") -> int:
    person = Practitioner(
        certificate=next(NUMBERS), name="某人", agency=agency, practice_line="patent", status=status
    )
    await person.save()
    for on, tier in ratings:
        await Rating.insert(
            Rating(
                agency=agency, practitioner=person.id, practice_line="patent", rated_on=on, tier=tier,
                score=1, rated_at=builders.NOON, pack_id="p", pack_digest="0" * 64,
            )
        )  # fmt: skip
    return int(person.id)


async def test_practitioners_are_counted_for_the_office_and_never_for_the_public(office: Office) -> None:
    agency = await add((date(2026, 10, 1), "A"), area="370302")
    await add_practitioner(agency, (date(2026, 10, 1), "D"), (date(2026, 11, 1), "B"))
    await add_practitioner(agency, (date(2026, 10, 1), "D"), status="left")
    assert counts(await load_distribution(office)) == {
        date(2026, 10, 31): {"A": 1},
        date(2026, 11, 24): {"A": 1},
    }
    people = await load_distribution(office, "practitioner")
    assert counts(people) == {date(2026, 10, 31): {"D": 1}, date(2026, 11, 24): {"B": 1}}
    assert set(people.by_district("patent")) == {"370302"}
    assert (await load_statistics()).tiers == {"patent": {"A": 1}, "trademark": {}}


async def take_away(
    agency: int, event: str, *, known: date, on: date, learnt: datetime = builders.NOON
) -> None:
    """A record known from the day `known` on, of which it was learnt at `learnt` that it is gone."""
    record = CreditRecord(
        agency=agency, kind="警告", decided_on=known, authority="某局", digest=next(NUMBERS),
        known_at=datetime(known.year, known.month, known.day, tzinfo=UTC),
    )  # fmt: skip
    await record.save()
    await RecordEvent.insert(RecordEvent(record=record.id, event=event, on=on, known_at=learnt))


@pytest.mark.parametrize("event", ["repaired", "withdrawn"])
@pytest.mark.parametrize(
    ("gone_on", "learnt"),
    [
        (date(2026, 9, 15), datetime(2026, 9, 1, tzinfo=UTC)),
        (date(2026, 7, 1), datetime(2026, 9, 15, 4, tzinfo=UTC)),
    ],
)
async def test_a_rating_that_rests_on_a_record_gone_since_is_not_counted(
    office: Office, event: str, gone_on: date, learnt: datetime
) -> None:
    on = [date(2026, month, 15) for month in (6, 7, 8, 9)]
    agency = await builders.add_agency(next(NUMBERS), "某事务所", lines={"patent": "1"})
    for day, tier in zip(on, ("A", "C", "C", "A"), strict=True):
        await Rating.insert(
            Rating(
                agency=agency, practice_line="patent", rated_on=day, tier=tier, score=1, pack_id="p",
                pack_digest="0" * 64, rated_at=datetime(day.year, day.month, day.day, 4, tzinfo=UTC),
            )
        )  # fmt: skip
    await add((date(2026, 6, 1), "B"))
    await take_away(agency, event, known=date(2026, 7, 1), on=gone_on, learnt=learnt)
    found = counts(await load_distribution(office))
    assert found[date(2026, 6, 30)] == {"A": 1, "B": 1}
    assert found[date(2026, 7, 31)] == {"B": 1}
    assert found[date(2026, 8, 31)] == {"B": 1}
    assert found[date(2026, 9, 30)] == {"A": 1, "B": 1}


@pytest.mark.parametrize("event", ["repaired", "withdrawn"])
async def test_what_is_gone_from_tomorrow_on_changes_no_count_of_today(office: Office, event: str) -> None:
    agency = await add((date(2026, 10, 1), "C"))
    await take_away(agency, event, known=date(2026, 9, 1), on=date(2026, 11, 25))
    assert counts(await load_distribution(office))[date(2026, 11, 24)] == {"C": 1}


@pytest.mark.parametrize("seed", range(3))
async def test_counts_are_those_of_counting_each_agency_by_itself(office: Office, seed: int) -> None:
    chance = random.Random(seed)
    expected: dict[tuple[str, str, date], Counter[str]] = {}
    for _ in range(25):
        line, area = chance.choice(["patent", "trademark"]), chance.choice(["370302", "370303", ""])
        days = sorted(
            date(2025, 9, 1) + timedelta(days=chance.randrange(450)) for _ in range(chance.randrange(7))
        )
        course = [(day, chance.choice(["A+", "A", "B", "C", "D"])) for day in days]
        await add(*course, line=line, area=area)
        for end in ENDS:
            held = [tier for day, tier in course if day <= end]
            if held:
                expected.setdefault((line, area, end), Counter())[held[-1]] += 1
    shown = await load_distribution(office)
    found: dict[tuple[str, str, date], Counter[str]] = {}
    for row in shown.courses:
        for day, n in zip(shown.days, row.counts, strict=True):
            found.setdefault((row.practice_line, row.area, day), Counter())[row.tier] += n
    assert {key: +tiers for key, tiers in found.items() if +tiers} == expected
    today: dict[str, Counter[str]] = {"patent": Counter(), "trademark": Counter()}
    for (line, _, day), tiers in expected.items():
        if day == ENDS[-1]:
            today[line] += tiers
    assert (await load_statistics()).tiers == today


async def test_counting_waits_for_no_writer(office: Office) -> None:
    await add((date(2026, 10, 31), "A"))
    is_open, may_end = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with transaction():
            await Agency.update({Agency.n_staff: 3}, force=True)
            is_open.set()
            await may_end.wait()

    writer = asyncio.create_task(write())
    await is_open.wait()
    shown = await asyncio.wait_for(load_distribution(office), timeout=5)
    may_end.set()
    await writer
    assert counts(shown)[date(2026, 11, 24)] == {"A": 1}


async def test_the_page_the_table_and_the_json_say_the_same(office: Office) -> None:
    agency = await add((date(2026, 9, 30), "A"), (date(2026, 11, 1), "C"))
    await add_practitioner(agency, (date(2026, 9, 30), "D"))
    async with visit(office) as client:
        page = (await client.get("/statistics")).text
        body = (await client.get("/api/v1/statistics")).json()
        same = (await client.get("/statistics.json")).json()
        table = list(
            csv.reader(io.StringIO((await client.get("/statistics.csv")).content.decode("utf-8-sig")))
        )
        nothing = (await client.get("/statistics", params={"area": "370302"})).text
        refused = await client.get("/statistics", params={"area": "x"})
    assert body == same
    assert body["tiers"] == {"patent": {"C": 1}, "trademark": {}}
    assert body["distribution"]["days"] == ["2026-09-30", "2026-10-31", "2026-11-24"]
    assert [(row["tier"], row["counts"]) for row in body["distribution"]["courses"]] == [
        ("A", [1, 1, 0]),
        ("C", [0, 0, 1]),
    ]
    assert table[0] == ["日期", "业务类别", "区划代码", "所在区县", "信用等级", "代理机构"]
    assert ["2026-10-31", "专利代理", "370303", "张店区", "A", "1"] in table
    assert "D" not in {row[4] for row in table}
    for text in ("信用等级统计", "张店区", "2026-09-30", "虚构", "<svg", 'href="/rules/fictional-zibo"'):
        assert text in page
    assert "尚无代理机构参加评级" in nothing
    assert refused.status_code == 422


async def test_the_office_sees_practitioners_and_where_it_stands_what_a_tier_means(office: Office) -> None:
    agency = await add((date(2026, 9, 30), "A"))
    await add_practitioner(agency, (date(2026, 9, 30), "D"))
    await create_person(office, ADMIN, "auditor", PASSWORD, display_name="", roles=[Role.AUDIT])
    async with desk_of(office, "auditor") as desk:
        page = (await desk.open("/admin/statistics")).text
    for text in ("仅供本机关使用", 'id="practitioners-patent-title"', 'href="/rules/fictional-zibo"'):
        assert text in page
